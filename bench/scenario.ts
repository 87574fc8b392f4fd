import { z } from 'zod'
import type { Databases } from './databases.ts'
import type { Programs } from './programs.ts'

/** How long is measured. */
export interface Pace {
  rounds: number
  /** Of load in each round, for each that is compared. */
  seconds: number
  /** Of load before the first round. */
  warmUpSeconds: number
  /** Tenants of the large database. */
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
export const Line = z.object({ subject: z.string(), figures: z.record(z.string(), z.array(z.number())) })
export type Line = z.infer<typeof Line>

/** A target, and what was measured. */
export const Verdict = z.object({
  claim: z.string(),
  bound: z.enum(['at least', 'at most']),
  target: z.number(),
  unit: z.enum(['×', 'µs', 'MB', 'ms', '%']),
  rounds: z.array(z.number()),
})
export type Verdict = z.infer<typeof Verdict>

export const Result = z.object({
  lines: z.array(Line),
  verdicts: z.array(Verdict),
  /** What has to be known to read the figures. */
  notes: z.array(z.string()),
})
export type Result = z.infer<typeof Result>

export interface Scenario {
  /** For `--only`. */
  name: string
  title: string
  run(stand: Stand): Promise<Result>
}
