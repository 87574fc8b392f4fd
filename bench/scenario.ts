import type { Databases } from './databases.ts'
import type { Programs } from './programs.ts'

/** How long is measured. */
export interface Pace {
  rounds: number
  /** Of load in each round, for each that is compared. */
  seconds: number
  /** Of load before the first round. */
  warmUpSeconds: number
  /** Of the scenario with much data. */
  manyTenants: number
}

/** What a scenario works with. */
export interface Stand {
  databases: Databases
  programs: Programs
  pace: Pace
  /** Says what is being done. */
  say(text: string): void
}

/** What was measured of one of those that are compared: by figure, a value for each round. */
export interface Line {
  subject: string
  figures: Record<string, number[]>
}

/** A target, and what was measured. */
export interface Verdict {
  claim: string
  bound: 'at least' | 'at most'
  target: number
  unit: '×' | 'µs' | 'MB' | 'ms' | '%'
  rounds: number[]
}

export interface Result {
  lines: Line[]
  verdicts: Verdict[]
  /** What has to be known to read the figures. */
  notes: string[]
}

export interface Scenario {
  /** For `--only`. */
  name: string
  title: string
  run(stand: Stand): Promise<Result>
}
