import type { Parameters } from 'fast-check'

const { DEEP, PROPERTY_RUNS, PROPERTY_SEED } = process.env

/** The factor for the runs of tests that repeat: 5 with `DEEP=1`, which `bun run verify:deep` sets. */
export const depth = DEEP ? 5 : 1

/** The timeout of a property in milliseconds. */
export const timeoutMs = PROPERTY_RUNS ? 3_600_000 : 60_000 * depth

/**
 * How often fast-check runs a property: `numRuns` times {@link depth}, or `PROPERTY_RUNS` times. A failure prints its seed,
 * which `PROPERTY_SEED` repeats.
 */
export const tries = <T>(numRuns: number): Parameters<T> => ({
  numRuns: PROPERTY_RUNS ? Number(PROPERTY_RUNS) : numRuns * depth,
  ...(PROPERTY_SEED ? { seed: Number(PROPERTY_SEED) } : {}),
  // An unfinished shrinking prints a counterexample, a timeout does not.
  interruptAfterTimeLimit: timeoutMs * 0.9,
})
