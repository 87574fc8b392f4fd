import { type Connection, type ConnectionSource, query, type TenantDatabase } from '../../src/database/index.ts'
import { backendOf, gate, owner, until } from '../database/shared-database.ts'
import { main } from '../database.ts'
import { newTenant, withTenant } from '../tenants.ts'
import type { FaultProxy } from './proxy.ts'

/** The serving role's URL without the pooler of the suite, if there is one: the faults are meant for PostgreSQL's connections. */
export const directUrl = () => Object.assign(new URL(main.appUrl), { host: new URL(main.ownerUrl).host }).href

/** Waits for a promise. Returns the complaint when it rejects or takes longer than `ms`. */
export async function within(ms: number, wanted: Promise<unknown>, complaint: string): Promise<string[]> {
  const { promise: late, resolve } = Promise.withResolvers<string[]>()
  const timer = setTimeout(() => resolve([`${complaint}, after ${ms} ms`]), ms)
  const outcome = wanted.then(
    () => [],
    (error: unknown) => [`${complaint}: ${error}`],
  )
  return await Promise.race([outcome, late]).finally(() => clearTimeout(timer))
}

/** Repeats a failed attempt: a busy machine may exceed the short timeouts here. */
export async function retry(attempt: () => Promise<unknown>, tries = 3): Promise<void> {
  try {
    await attempt()
  } catch (error) {
    if (tries === 1) throw error
    await retry(attempt, tries - 1)
  }
}

/** A source that checks every fifth connection that it provides: no tenant may be set on it. */
export function inspected(pool: ConnectionSource, report: (what: string) => void): ConnectionSource {
  let acquired = 0
  const { sendWhole } = pool
  return {
    ...(sendWhole ? { sendWhole } : {}),
    async acquire() {
      const connection = await pool.acquire()
      acquired += 1
      if (acquired % 5 === 0) await inspect(connection, report)
      return connection
    },
    release: (connection) => pool.release(connection),
    close: () => pool.close(),
  }
}

async function inspect(connection: Connection, report: (what: string) => void): Promise<void> {
  const setting = `select coalesce(current_setting('app.current_tenant', true), '') as tenant`
  // A lost connection has no setting, and the pool detects the loss on release.
  const [row] = await query(connection, setting).catch(() => [])
  if (row && row.tenant !== '') report(`tenant ${row.tenant} is set on a connection without a transaction`)
}

/** Throws unless exactly `size` transactions run at the same time on the pool, and all succeed. */
export async function assertRecovered(
  pool: ConnectionSource,
  db: TenantDatabase,
  size: number,
  report: (what: string) => void,
) {
  // First a query on each connection, which detects those that were lost while idle.
  const connections = await Promise.all(Array.from({ length: size }, () => pool.acquire()))
  for (const connection of connections) await inspect(connection, report)
  for (const connection of connections) pool.release(connection)

  const all = gate(size)
  let running = 0
  let most = 0
  const work = () =>
    db.write(async (tx) => {
      const pid = await backendOf(tx)
      running += 1
      most = Math.max(most, running)
      await all()
      running -= 1
      return pid
    })
  const pids = await Promise.all(Array.from({ length: 2 * size }, () => withTenant(newTenant(), work)))
  if (most !== size) throw new Error(`${most} transactions at the same time in a pool of ${size}`)
  if (new Set(pids).size !== size) throw new Error(`${new Set(pids).size} connections in a pool of ${size}`)
}

/** Resolves when no session of the proxy runs a query or is in a transaction. */
export const sessionsToEnd = (proxy: FaultProxy) =>
  until(async () => {
    const ports = [...proxy.ports]
    const busy = await owner`
      select from pg_stat_activity
      where usename = 'app_user' and client_port = any (${ports}) and (state <> 'idle' or xact_start is not null)`
    return busy.length === 0
  })
