const causesMax = 10

/**
 * Lists an error and the errors along its `cause` chain, the outermost first. The list ends after ten, since a chain may be
 * circular.
 *
 * @example
 * causesOf(error).find((cause) => 'code' in cause)
 */
export function causesOf(error: unknown): Error[] {
  const causes: Error[] = []
  for (let cause = error; cause instanceof Error && causes.length < causesMax; cause = cause.cause) causes.push(cause)
  return causes
}
