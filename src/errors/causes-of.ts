const causesMax = 10

/**
 * An error and the errors along its `cause` chain, the outermost first: at most ten, so that a chain that leads back to itself ends.
 *
 * @example
 * causesOf(error).find((cause) => 'code' in cause)
 */
export function causesOf(error: unknown): Error[] {
  const causes: Error[] = []
  for (let cause = error; cause instanceof Error && causes.length < causesMax; cause = cause.cause) causes.push(cause)
  return causes
}
