/** Digits alone, and few enough to be exact: `Number` would read a blank as 0, and accept `0x10` and `1e3`. */
export const wholeNumberPattern = /^\d{1,15}$/

/**
 * Reads a whole number that is written in digits alone.
 *
 * @returns undefined for other text, and for a number that JavaScript cannot hold exactly
 * @example
 * parseWholeNumber('3000') // 3000
 * parseWholeNumber('3e3') // undefined
 */
export function parseWholeNumber(text: string): number | undefined {
  return wholeNumberPattern.test(text) ? Number(text) : undefined
}
