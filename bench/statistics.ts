/** The middle value; of an even number the mean of the two in the middle. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1)
  return middle.reduce((sum, value) => sum + value, 0) / middle.length
}

/** Round by round: what was measured at about the same time is compared, so that what else the machine does weighs less. */
export function ratios(values: number[], others: number[]): number[] {
  return values.map((value, round) => value / (others[round] ?? Number.NaN))
}
