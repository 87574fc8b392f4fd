import type { Line, Pace, Stand } from './scenario.ts'

/** One of those that are compared. */
export interface Subject {
  name: string
  /** Does the work for so many seconds and says what it came to, by figure. In the same round chance is the same for all. */
  measure(seconds: number, round: number): Promise<Record<string, number>>
}

/** What was measured. */
export interface Comparison {
  lines: Line[]
  /** A figure of a subject, round by round. Throws when it was not measured. */
  of(subject: string, figure: string): number[]
}

/**
 * Measures each in turn, round after round: what the machine does beside it meets all of them. Before the first round each
 * is warmed up.
 *
 * @example
 * const measured = await compare(stand, [underLoad(stand, 'floor', floor, load), underLoad(stand, 'rowhouse', rowhouse, load)])
 * ratios(measured.of('rowhouse', figure.rate), measured.of('floor', figure.rate))
 */
export async function compare(
  { pace, say }: { pace: Omit<Pace, 'manyTenants'>; say: Stand['say'] },
  subjects: Subject[],
): Promise<Comparison> {
  for (const { name, measure } of subjects) {
    say(`${name}: warming up`)
    await measure(pace.warmUpSeconds, 0)
  }
  const lines = subjects.map(({ name, measure }) => ({ subject: name, measure, figures: {} as Line['figures'] }))
  for (let round = 1; round <= pace.rounds; round += 1) {
    for (const { subject, measure, figures } of lines) {
      say(`${subject}: round ${round} of ${pace.rounds}`)
      for (const [figure, value] of Object.entries(await measure(pace.seconds, round)))
        figures[figure] = [...(figures[figure] ?? []), value]
    }
  }
  return {
    lines: lines.map(({ subject, figures }) => ({ subject, figures })),
    of(subject, figure) {
      const rounds = lines.find((line) => line.subject === subject)?.figures[figure]
      if (!rounds) throw new Error(`${figure} of ${subject} was not measured`)
      return rounds
    },
  }
}
