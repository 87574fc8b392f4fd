import { z } from 'zod'
import type { Databases } from './databases.ts'
import type { Programs } from './programs.ts'

/** The duration of a measurement. */
export interface Pace {
  rounds: number
  /** Of load for each subject in each round. */
  seconds: number
  /** Of load before the first round. */
  warmUpSeconds: number
  /** The tenants of the large database. */
  manyTenants: number
}

/** The resources of a scenario. */
export interface Stand {
  databases: Databases
  programs: Programs
  pace: Pace
  /** Shows the current step. */
  log(text: string): void
}

/** The figures of one subject, with a value for each round. */
export const Line = z.object({ subject: z.string(), figures: z.record(z.string(), z.array(z.number())) })
export type Line = z.infer<typeof Line>

/** A target, and the measured values. */
export const Verdict = z.object({
  claim: z.string(),
  bound: z.enum(['at least', 'at most']),
  target: z.number(),
  unit: z.enum(['×', 'µs', 'MB', 'ms', '%', 'messages']),
  rounds: z.array(z.number()),
})
export type Verdict = z.infer<typeof Verdict>

export const Result = z.object({
  lines: z.array(Line),
  verdicts: z.array(Verdict),
  /** Explanations of the figures. */
  notes: z.array(z.string()),
})
export type Result = z.infer<typeof Result>

export interface Scenario {
  /** For `--only`. */
  name: string
  title: string
  run(stand: Stand): Promise<Result>
}
