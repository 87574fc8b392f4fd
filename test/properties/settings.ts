import type { Parameters } from 'fast-check'

const { PROPERTY_RUNS, PROPERTY_SEED } = process.env

/** How long a property may run in a test, in milliseconds: long runs are asked for by `PROPERTY_RUNS=5000`. */
export const timeoutMs = PROPERTY_RUNS ? 3_600_000 : 60_000

/**
 * How often a property is tried: so many times, or as often as `PROPERTY_RUNS` says. A failure prints its seed;
 * `PROPERTY_SEED` tries the same again.
 */
export const tries = <T>(numRuns: number): Parameters<T> => ({
  numRuns: PROPERTY_RUNS ? Number(PROPERTY_RUNS) : numRuns,
  ...(PROPERTY_SEED ? { seed: Number(PROPERTY_SEED) } : {}),
  // What has been shrunk by then is better than a test that was cut off before it could say anything.
  interruptAfterTimeLimit: timeoutMs * 0.9,
})
