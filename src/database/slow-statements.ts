/** From this mean on a statement is slow, in milliseconds. */
const slowMs = 2
/** How much of the mean a new duration is. */
const weight = 1 / 8
const textsMax = 1000

/** Remembers how long statements took recently, by their text. */
export class SlowStatements {
  private readonly means = new Map<string, number>()

  note(text: string, ms: number): void {
    const mean = this.means.get(text)
    if (mean === undefined && this.means.size >= textsMax) this.means.clear()
    this.means.set(text, mean === undefined ? ms : mean + (ms - mean) * weight)
  }

  /** Whether others should not wait behind it. So is a statement that was not measured yet. */
  has(text: string): boolean {
    return (this.means.get(text) ?? slowMs) >= slowMs
  }
}
