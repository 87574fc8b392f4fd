import { type Connection, query } from '../database/index.ts'
import { type ExportedEntry, isEntry, type PrunedEntry } from './entry.ts'
import type { Tree } from './tree.ts'

/** The log of a tenant as the database has it: nothing of it is proved. */
export interface StoredLog extends Tree {
  tenantId: string
}

/** The columns of a log, for {@link toStoredLog}. */
export const logColumns = `
  tenant_id, size::text as size, array_to_json(array(
    select encode(tree, 'hex') from unnest(trees) with ordinality as t(tree, place) order by place))::text as trees`

/** Reads the logs of all tenants, without their entries. */
export async function readLogs(connection: Connection): Promise<StoredLog[]> {
  return (await query(connection, `select ${logColumns} from tenancy.read_audit_logs()`)).map(toStoredLog)
}

/** Reads a row of {@link logColumns}. */
export const toStoredLog = ({ tenant_id, size, trees }: Record<string, unknown>): StoredLog => ({
  tenantId: String(tenant_id),
  size: Number(size),
  trees: (JSON.parse(String(trees)) as string[]).map((tree) => Buffer.from(tree, 'hex')), // as the query builds it
})

/** Reads the stored checkpoints of a tenant, the oldest first. */
export async function readNotes(connection: Connection, tenantId: string): Promise<string[]> {
  const rows = await query(connection, 'select note from tenancy.read_audit_checkpoints($1) as note', [tenantId])
  return rows.map(({ note }) => String(note))
}

// One statement sees an entry either whole or pruned.
const entriesQuery = `
  select * from (
    select position::text as position, null as leaf, id::text as id, action, resource, target_id, actor, request_id, source, reason,
      to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, changes::text as changes, encode(salt, 'hex') as salt,
      encode(changes_hash, 'hex') as changes_hash
    from tenancy.read_audit_log($1, $2::text::bigint, $3::text::integer)
    union all
    select position::text, encode(leaf, 'hex'), null, null, null, null, null, null, null, null, null, null, null, null
    from tenancy.read_audit_pruned($1, $2::text::bigint, $3::text::integer)) as entries
  order by position::bigint limit $3::text::integer`

/** Reads the entries of a tenant by position, a page at a time; undefined for one that the trigger did not write. */
export async function* readEntries(
  connection: Connection,
  tenantId: string,
  pageSize = 1000,
): AsyncGenerator<ExportedEntry | PrunedEntry | undefined, void, undefined> {
  for (let after = 0; ; ) {
    const rows = await query(connection, entriesQuery, [tenantId, String(after), String(pageSize)])
    const entries = rows.map(toEntry)
    const last = entries.at(-1)?.position
    const isFull = entries.length === pageSize && last !== undefined
    // The next page begins behind a position: one that is there twice must be in one page.
    const isCut = isFull && last !== entries[0]?.position
    for (const entry of entries) if (!isCut || entry.position < last) yield isEntry(entry) ? entry : undefined
    if (!isFull) return
    after = isCut ? last - 1 : last
  }
}

/** An entry, as far as nobody wrote another one into the table: see {@link isEntry}. */
function toEntry(row: Record<string, unknown>): { position: number } & Record<string, unknown> {
  const position = Number(row.position)
  if (row.leaf !== null) return { position, leaf: row.leaf }
  const { id, at, action, resource, target_id, actor, request_id, source, reason, changes, salt, changes_hash } = row
  return {
    ...{ position, id, at, action, resource, targetId: target_id, actor, requestId: request_id, source, reason, salt },
    ...{ changes: changes === null ? null : JSON.parse(String(changes)), changesHash: changes_hash },
  }
}
