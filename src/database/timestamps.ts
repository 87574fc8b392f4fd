const plus = 43
const minus = 45
const zero = 48

/**
 * The date of PostgreSQL's text for a timestamptz (chapter 8.5.2). A page has dozens of them, and Date takes twice as long to read the
 * usual text, `2026-01-31 12:00:00.123+00`. Date reads every other one: another offset, microseconds, a year before Christ.
 */
export function dateOf(value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (!isUsual(value)) return new Date(value)
  let milliseconds = 0
  for (let at = 20, weight = 100; at < value.length - 3; at += 1, weight /= 10)
    milliseconds += digit(value, at) * weight
  const year = two(value, 0) * 100 + two(value, 2)
  const [month, day] = [two(value, 5) - 1, two(value, 8)]
  return new Date(Date.UTC(year, month, day, two(value, 11), two(value, 14), two(value, 17), milliseconds))
}

/** Whether a text has a year of four digits, the offset +00, and no more than three decimals of a second. */
function isUsual(text: string): boolean {
  const { length } = text
  if (length < 22 || length > 26 || length === 23 || digit(text, 0) === 0) return false // Date.UTC adds 1900 to a year below 100
  const offset = length - 3
  return (
    text.charCodeAt(4) === minus &&
    text.charCodeAt(offset) === plus &&
    text.charCodeAt(offset + 1) === zero &&
    text.charCodeAt(offset + 2) === zero
  )
}

const digit = (text: string, at: number): number => text.charCodeAt(at) - zero
const two = (text: string, at: number): number => digit(text, at) * 10 + digit(text, at + 1)
