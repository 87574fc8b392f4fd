import type { Line, Pace, Stand } from './scenario.ts'

/** One of the programs or queries that are compared. */
export interface Subject {
  name: string
  /** Does the work for this many seconds and returns its figures by name. `round` seeds the random requests. */
  measure(seconds: number, round: number): Promise<Record<string, number>>
}

/** The figures of all subjects. */
export interface Comparison {
  lines: Line[]
  /**
   * Returns a figure of a subject, one value for each round.
   *
   * @throws Error when it was not measured
   */
  of(subject: string, figure: string): number[]
}

/**
 * Measures the subjects in turn, round after round, so that other work of the machine affects all of them. Each subject is
 * warmed up before the first round.
 *
 * @example
 * const measured = await compare(stand, [underLoad(stand, 'floor', floor, load), underLoad(stand, 'rowhouse', rowhouse, load)])
 * ratios(measured.of('rowhouse', figure.rate), measured.of('floor', figure.rate))
 */
export async function compare(
  { pace, log }: { pace: Omit<Pace, 'manyTenants'>; log: Stand['log'] },
  subjects: Subject[],
): Promise<Comparison> {
  for (const { name, measure } of subjects) {
    log(`${name}: warming up`)
    await measure(pace.warmUpSeconds, 0)
  }
  const lines = subjects.map(({ name, measure }) => ({ subject: name, measure, figures: {} as Line['figures'] }))
  for (let round = 1; round <= pace.rounds; round += 1) {
    for (const { subject, measure, figures } of lines) {
      log(`${subject}: round ${round} of ${pace.rounds}`)
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
