import postgres from 'postgres'
import type { Filled } from './databases.ts'
import { usageOf } from './process-usage.ts'

/** The CPU time of PostgreSQL's processes that serve a database. */
export interface BackendUsage extends AsyncDisposable {
  /** In microseconds since the start of the processes. A process that has ended does not count. */
  cpuMicros(): Promise<number>
}

/**
 * Watches the processes of the serving role's connections.
 *
 * @example
 * await using backends = watchBackends(database)
 * const before = await backends.cpuMicros()
 */
export function watchBackends({ url }: Filled): BackendUsage {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  return {
    async cpuMicros() {
      const rows = await sql`
        select pid from pg_stat_activity
        where datname = current_database() and usename = current_user and pid <> pg_backend_pid()`
      const usages = await Promise.all(rows.map(({ pid }) => usageOf(Number(pid))))
      return usages.reduce((sum, { cpuMicros }) => sum + cpuMicros, 0)
    },
    [Symbol.asyncDispose]: () => sql.end(),
  }
}
