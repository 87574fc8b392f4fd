import { runInContext } from '../../../src/context/context.ts'
import { createBookmarks } from '../../../src/database/bookmarks.ts'
import { createReplica, createTenantDatabase, type PoolOptions } from '../../../src/database/index.ts'
import { contextOf, newTenant, tenantIds, withTenant } from '../../tenants.ts'
import { type Tampering, watchedPool } from '../watched-pool.ts'
import { pair } from './pair.ts'

const secret = 'a secret that all processes share'

/** A tenant database on both servers. The standby is checked once, and again when the test calls `replica.check`. */
export async function openPair(
  options: {
    standbyUrl?: string
    standbyPool?: Partial<PoolOptions>
    check?: () => Promise<void>
    retryAfterMs?: number
    onStandby?: Tampering
    onPrimary?: Tampering
  } = {},
) {
  const { standbyUrl = pair.standbyUrl, check = async () => {}, retryAfterMs = 60_000, onStandby, onPrimary } = options
  const { standbyPool } = options
  const changes: boolean[] = []
  const connections = watchedPool({ url: standbyUrl, size: 2, connectTimeoutMs: 1000, ...standbyPool }, onStandby)
  const replica = createReplica({
    connections,
    check,
    secret,
    retryAfterMs,
    onChange: (isUsed) => changes.push(isUsed),
  })
  const db = createTenantDatabase({
    connections: watchedPool({ url: pair.primaryUrl, size: 2 }, onPrimary),
    replica,
    ...tenantIds,
  })
  await replica.check().catch(() => {})
  return { db, replica, changes, sent: connections.sent, [Symbol.asyncDispose]: () => db.close() }
}

export const asTenant = <T>(work: () => Promise<T>) => withTenant(newTenant(), work)

/** Runs work of a session that sends this bookmark; `old` stands for that of a write that was replayed long ago. */
export function inSession<T>(sent: string, work: () => Promise<T>): Promise<T> {
  const context = contextOf(newTenant())
  const bookmark = { sent: sent === 'old' ? createBookmarks(secret).encrypt('3', context.tenantId) : sent }
  return runInContext({ ...context, bookmark }, work)
}
