/** The middle value, or the mean of the two middle values of an even number. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1)
  return middle.reduce((sum, value) => sum + value, 0) / middle.length
}

/** Compares values of the same round, so that other work of the machine affects both sides. */
export function ratios(values: number[], others: number[]): number[] {
  return values.map((value, round) => value / (others[round] ?? Number.NaN))
}
