/** The longest time of a timer, in milliseconds: setTimeout() would fire at once after a longer one. */
const timerMax = 2 ** 31 - 1

/**
 * @throws TypeError when an option is not a whole number from `min` to `max`
 * @example
 * assertWholeNumber('size', size)
 */
export function assertWholeNumber(name: string, value: number, min = 1, max = timerMax): void {
  if (!Number.isSafeInteger(value) || value < min)
    throw new TypeError(`${name} must be a whole number of at least ${min} (got ${value})`)
  if (value > max) throw new TypeError(`${name} must be at most ${max} (got ${value})`)
}
