import type { TenantLimitsOptions } from '../limits/index.ts'
import type { Config } from './config/config.ts'

/** A fifth of the pool, at least two connections and never all: other tenants find a connection beside slow queries. */
const shareOf = (poolSize: number): number => Math.max(1, Math.min(poolSize - 1, Math.max(2, Math.ceil(poolSize / 5))))

/**
 * Reads the limits of each tenant; undefined without limits.
 *
 * @param hasPool false on Workers: without a pool there is nothing to share, and requests cannot wait for each other
 */
export function createLimitsOptions({ limits, database }: Config, hasPool: boolean): TenantLimitsOptions | undefined {
  const auto = hasPool ? shareOf(database.poolSize) : 0
  const max = limits.concurrency === 'auto' ? auto : limits.concurrency
  const { actorConcurrency, queue: queueMax, rate } = limits
  const actorMax = actorConcurrency === 'auto' ? Math.max(max, Math.ceil(database.poolSize / 2)) : actorConcurrency
  const ofActor = hasPool && actorMax > 0 ? { actorMax } : {}
  const concurrency = max === 0 ? undefined : { max, queueMax: hasPool ? queueMax : 0, ...ofActor }
  return concurrency || rate ? { concurrency, rate } : undefined
}
