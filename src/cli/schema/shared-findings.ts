import { type Connection, query } from '../../database/index.ts'
import type { Finding } from '../../isolation/index.ts'
import { type SchemaTable, unquote } from './read-schema.ts'

/**
 * Shared names that appear neither in the Drizzle schema nor in the SQL of a project: probably a typing mistake.
 *
 * @param sql the SQL of the project, which may define views, sequences and functions
 */
export function sharedFindings(shared: string[], tables: SchemaTable[], sql: string): Finding[] {
  const labels = new Set(tables.map(({ label }) => unquote(label)))
  const text = unquote(sql)
  const isInSql = (name: string) => new RegExp(`(?<![\\w.])${escapedPattern(name)}(?!\\w)`, 'u').test(text)
  return shared
    .filter((name) => !labels.has(unquote(name)))
    .filter((name) => !isInSql(unquote(name)) && !isInSql(unquote(name).replace(/^public\./, '')))
    .map(unknownShared)
}

/** Shared names that do not exist in a database. */
export async function sharedFindingsIn(connection: Connection, shared: string[]): Promise<Finding[]> {
  const rows = await query(connection, unknownNames, [JSON.stringify(shared)])
  return rows.map(({ name }) => unknownShared(String(name)))
}

const unknownNames = `
select given.name from json_array_elements_text($1::text::json) with ordinality as given (name, place)
where not exists (
    select from pg_class c join pg_namespace n on n.oid = c.relnamespace where format('%I.%I', nspname, relname) = name)
  and not exists (
    select from pg_proc p join pg_namespace n on n.oid = p.pronamespace where format('%I.%I', nspname, proname) = name)
order by place`

const unknownShared = (object: string): Finding => ({
  level: 'warning',
  check: 'unknown-shared',
  guarantee: 12,
  object,
  problem: 'it is in shared, but no such table, view, sequence or function exists',
  remedy: 'Correct or remove the name in --shared or in rowhouse.config.ts.',
})

/** RegExp.escape() of Node 24. */
const escapedPattern = (name: string): string => name.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
