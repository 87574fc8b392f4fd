import { sql } from 'drizzle-orm'
import type { TenantTx } from '../../src/database/index.ts'
import { owner } from '../database/shared-database.ts'
import { db } from '../database.ts'
import { callerOf, newUser, serviceOn } from '../idempotency/caller.ts'
import { newTenant, withTenant } from '../tenants.ts'

export { newUser }

/** An entry as the list has it. */
export interface Entry {
  id: string
  at: string
  position: number | null
  action: string
  resource: string
  targetId: string | null
  actor: string | null
  requestId: string | null
  source: string
  reason: string | null
  changes: Record<string, { from: string | null; to: string | null }> | null
}

/** Gives all entries positions, as the worker does. */
export const append = async (): Promise<void> => void (await owner`select tenancy.append_audit_logs(100000)`)

/** Runs work in a transaction of a tenant. */
export const write = <T>(tenant: string, work: (tx: TenantTx) => Promise<T>): Promise<T> =>
  withTenant(tenant, () => db.write(work))

/** Writes so many entries, each with its number. */
export const addEvents = (tenant: string, count: number, about = 'thing.counted') =>
  write(tenant, async (tx) => {
    await tx.execute(sql`
      select tenancy.audit_event(${about}, 'things', number::text, '{}') from generate_series(1, ${count}::int) as number`)
  })

/** A caller of a new tenant who reads the audit trail. */
export function readerOf(tenant = newTenant(), on = serviceOn(db)) {
  const caller = callerOf(tenant, on)
  const get = (query = '', headers: Record<string, string> = {}) =>
    caller.client.get<Entry[]>(`/audit-log${query}`, headers)
  return {
    ...caller,
    get,
    /** The entries of a list, the newest first. */
    async entries(query = '?limit=100'): Promise<Entry[]> {
      const { status, data, body } = await get(query)
      if (status !== 200) throw new Error(JSON.stringify(body))
      return data
    },
    /** The lines of an export as NDJSON. */
    async lines(query = ''): Promise<(Entry & { salt: string | null; changesHash: string; leaf?: string })[]> {
      const { status, body } = await get(query, { Accept: 'application/x-ndjson' })
      if (status !== 200) throw new Error(JSON.stringify(body))
      const text = String(body ?? '')
      return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
    },
    /** An export as CSV: its text, and its lines as cells. */
    async csv(query = ''): Promise<{ text: string; rows: string[][] }> {
      const { status, body } = await get(query, { Accept: 'text/csv' })
      if (status !== 200) throw new Error(JSON.stringify(body))
      return { text: String(body), rows: cellsOf(String(body)) }
    },
  }
}

/** Reads CSV by the grammar of RFC 4180. @throws Error for what it does not allow */
function cellsOf(text: string): string[][] {
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y
  const rows: string[][] = [[]]
  while (cell.lastIndex < text.length) {
    const at = cell.lastIndex
    const found = cell.exec(text)
    if (!found) throw new Error(`No cell of RFC 4180 at ${at}: ${text.slice(at, at + 40)}`)
    rows.at(-1)?.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '')
    if (found[3] === '\r\n') rows.push([])
  }
  return rows.slice(0, -1)
}
