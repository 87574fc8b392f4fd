import { sql } from 'drizzle-orm'
import type { PoolOptions, TenantTx } from '../../src/database/index.ts'
import { asOwner, main } from '../database.ts'
import { openProxy } from '../faults/proxy.ts'
import { until } from '../runtime/child.ts'
import { openWatchedDatabase, type Tampering } from './watched-pool.ts'

export { addUser, failureOf, gate, openDatabaseWith, setsTenant, tenantWithUser } from './watched-pool.ts'

/** The owner's client, which bypasses row-level security. */
export const owner = asOwner(main)

/** A tenant database on the shared test database, which records what it sends: `await using db = openDatabase()`. */
export const openDatabase = (options: Partial<PoolOptions> = {}, tampering: Tampering = {}) =>
  openWatchedDatabase({ url: main.appUrl, ...options }, tampering)

/** The serving role's URL with session settings: `withSettings({ lock_timeout: '100ms' })`. */
export function withSettings(settings: Record<string, string>, url = main.appUrl): string {
  const changed = new URL(url)
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`)
  changed.searchParams.set('options', options.join(' '))
  changed.search = changed.search.replaceAll('+', '%20') // a plus sign is no blank in a connection URL (libpq)
  return changed.href
}

/** The number of users of a tenant, as the owner counts them. */
export async function countUsers(tenant: string): Promise<number> {
  const [row] = await owner`select count(*)::int as count from users where tenant_id = ${tenant}`
  return row?.count
}

export async function backendOf(tx: TenantTx): Promise<number> {
  const [row] = await tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`)
  return row?.pid ?? 0
}

/** Ends a server process. Resolves when it has ended. */
export async function terminate(pid: number): Promise<void> {
  await owner`select pg_terminate_backend(${pid})`
  await until(async () => (await owner`select from pg_stat_activity where pid = ${pid}`).length === 0)
}

/** A proxy to the shared database that can cut connections, without a last message from PostgreSQL. */
export async function openCable() {
  const proxy = await openProxy(main.appUrl)
  return {
    url: proxy.url,
    /** Stops all traffic of the open connections without closing them. New connections work. */
    freeze(): void {
      for (const link of proxy.links) link.freeze()
    },
    /** Cuts the open connections. Resolves when the server process has ended. New connections work. */
    async cut(pid: number): Promise<void> {
      for (const link of proxy.links) link.cut()
      await terminate(pid)
    },
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  }
}

export { until }
