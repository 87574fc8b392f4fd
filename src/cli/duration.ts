import { InvalidArgumentError } from '@commander-js/extra-typings'

/** A time as the user wrote it. An hour always has 3,600 seconds: a day has 24 of them, also where the clocks change. */
export interface Duration {
  text: string
  hours: number
}

/** Parses hours or days. */
export function durationOf(text: string): Duration {
  const [, digits = '', unit] = /^(\d{1,6})([hd])$/.exec(text) ?? []
  const hours = Number(digits) * (unit === 'd' ? 24 : 1)
  if (digits !== '' && hours > 0) return { text, hours }
  throw new InvalidArgumentError('It must be a whole number of hours or days from 1 on, such as 12h or 30d.')
}
