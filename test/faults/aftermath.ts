import { withTenant } from '../../src/context/index.ts'
import { type Connection, type ConnectionSource, query, type TenantDatabase } from '../../src/database/index.ts'
import { backendOf, gate, owner, until } from '../database/shared-database.ts'
import { main, newTenant } from '../database.ts'
import type { FaultProxy } from './proxy.ts'

/** The serving role's URL past a pooler, if the suite runs through one: the faults are PostgreSQL's and of the way to it. */
export const directUrl = () => Object.assign(new URL(main.appUrl), { host: new URL(main.ownerUrl).host }).href

/** Waits for something; gives what to complain of when it does not come or fails. */
export async function within(ms: number, wanted: Promise<unknown>, complaint: string): Promise<string[]> {
  const { promise: late, resolve } = Promise.withResolvers<string[]>()
  const timer = setTimeout(() => resolve([`${complaint}, after ${ms} ms`]), ms)
  const outcome = wanted.then(
    () => [],
    (error: unknown) => [`${complaint}: ${error}`],
  )
  return await Promise.race([outcome, late]).finally(() => clearTimeout(timer))
}

/** Tries again, a few times: a busy machine may be slower than the short timeouts here. What is broken stays so. */
export async function atLast(attempt: () => Promise<unknown>, tries = 3): Promise<void> {
  try {
    await attempt()
  } catch (error) {
    if (tries === 1) throw error
    await atLast(attempt, tries - 1)
  }
}

/** A source that looks at every fifth connection before it is given out: no tenant may be left on it. */
export function inspected(pool: ConnectionSource, tell: (what: string) => void): ConnectionSource {
  let given = 0
  return {
    async acquire() {
      const connection = await pool.acquire()
      given += 1
      if (given % 5 === 0) await inspect(connection, tell)
      return connection
    },
    release: (connection) => pool.release(connection),
    close: () => pool.close(),
  }
}

async function inspect(connection: Connection, tell: (what: string) => void): Promise<void> {
  const setting = `select coalesce(current_setting('app.current_tenant', true), '') as tenant`
  // One that is lost has no setting; the pool finds out when it comes back.
  const [row] = await query(connection, setting).catch(() => [])
  if (row && row.tenant !== '') tell(`a connection outside of any transaction is of tenant ${row.tenant}`)
}

/** Throws unless exactly as many transactions as the pool is large are under way at once, and all succeed. */
export async function aftermath(
  pool: ConnectionSource,
  db: TenantDatabase,
  size: number,
  tell: (what: string) => void,
) {
  // First one look at each connection: what was lost while it lay idle is found out, and what is left on it is seen.
  const connections = await Promise.all(Array.from({ length: size }, () => pool.acquire()))
  for (const connection of connections) await inspect(connection, tell)
  for (const connection of connections) pool.release(connection)

  const all = gate(size)
  let inFlight = 0
  let most = 0
  const visit = () =>
    db.write(async (tx) => {
      inFlight += 1
      most = Math.max(most, inFlight)
      const pid = await backendOf(tx)
      await all()
      inFlight -= 1
      return pid
    })
  const pids = await Promise.all(Array.from({ length: 2 * size }, () => withTenant(newTenant(), visit)))
  if (most !== size) throw new Error(`${most} at once in a pool of ${size}`)
  if (new Set(pids).size !== size) throw new Error(`${new Set(pids).size} connections in a pool of ${size}`)
}

/** Resolves when no session that came through the proxy runs anything or is in a transaction. */
export const sessionsToEnd = (proxy: FaultProxy) =>
  until(async () => {
    const ports = [...proxy.ports]
    const busy = await owner`
      select from pg_stat_activity
      where usename = 'app_user' and client_port = any (${ports}) and (state <> 'idle' or xact_start is not null)`
    return busy.length === 0
  })
