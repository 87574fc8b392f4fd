/**
 * Calls a listener that only observes: an error that it throws or rejects with changes nothing for its caller.
 *
 * @param onError gets that error. What it throws itself is ignored.
 * @example
 * callListener(() => options.onChange?.(isUsed))
 */
export function callListener(listener: () => unknown, onError: (error: unknown) => unknown = () => {}): void {
  run(listener, (error) => run(() => onError(error), ignore))
}

const ignore = () => {}

function run(listener: () => unknown, onError: (error: unknown) => void): void {
  try {
    const result = listener()
    // A query builder of Drizzle is no Promise, but can be awaited.
    if (typeof result === 'object' && result !== null && 'then' in result) Promise.resolve(result).catch(onError)
  } catch (error) {
    onError(error)
  }
}
