import { type Connection, query } from '../../database/index.ts'
import type { Finding } from '../../isolation/index.ts'
import { type SchemaTable, unquote } from './read-schema.ts'

/**
 * What is named as shared and is nothing that a project's sources speak of: a slip of the pen, which leaves what was meant
 * out of reach.
 *
 * @param sql of the project: views, sequences and functions need not be in the Drizzle schema
 */
export function sharedFindings(shared: string[], tables: SchemaTable[], sql: string): Finding[] {
  const labels = new Set(tables.map(({ label }) => unquote(label)))
  const text = unquote(sql)
  const isSpokenOf = (name: string) => new RegExp(`(?<![\\w.])${RegExp.escape(name)}(?!\\w)`, 'u').test(text)
  return shared
    .filter((name) => !labels.has(unquote(name)))
    .filter((name) => !isSpokenOf(unquote(name)) && !isSpokenOf(unquote(name).replace(/^public\./, '')))
    .map(unknown)
}

/** What is named as shared and is not in a database. */
export async function sharedFindingsIn(connection: Connection, shared: string[]): Promise<Finding[]> {
  const rows = await query(connection, unknownQuery, [JSON.stringify(shared)])
  return rows.map(({ name }) => unknown(String(name)))
}

const unknownQuery = `
select given.name from json_array_elements_text($1::text::json) with ordinality as given (name, place)
where not exists (
    select from pg_class c join pg_namespace n on n.oid = c.relnamespace where format('%I.%I', nspname, relname) = name)
  and not exists (
    select from pg_proc p join pg_namespace n on n.oid = p.pronamespace where format('%I.%I', nspname, proname) = name)
order by place`

const unknown = (object: string): Finding => ({
  level: 'warning',
  check: 'unknown-shared',
  guarantee: 12,
  object,
  problem: 'it is named as shared, and there is no such table, view, sequence or function',
  remedy: 'Correct the name in --shared or in rowhouse.config.ts, or take it out.',
})
