import { type Connection, query } from '../../database/index.ts'
import type { Finding } from '../../isolation/index.ts'
import { quotedName, quotedNameOf } from '../../text/index.ts'
import type { RowhouseConfig } from '../config.ts'
import { unquote } from './read-schema.ts'

type Listed = Pick<RowhouseConfig, 'shared' | 'unreachable'>

/**
 * Shared and unreachable names that appear neither in the Drizzle schema nor in the SQL of a project: probably a typing mistake.
 *
 * @param relations the tables and views of the schema
 * @param sql the SQL of the project, which may define views, sequences and functions
 */
export function sharedFindings(listed: Listed, relations: { label: string }[], sql: string): Finding[] {
  const labels = new Set(relations.map(({ label }) => unquote(label)))
  const text = unquote(sql)
  const isInSql = (name: string) => new RegExp(`(?<![\\w.])${escapedPattern(name)}(?!\\w)`, 'u').test(text)
  return fields.flatMap((field) =>
    listed[field]
      .filter((name) => !labels.has(unquote(name)))
      .filter((name) => !isInSql(unquote(name)) && !isInSql(unquote(name).replace(/^public\./, '')))
      .map((name) => unknownName(name, field)),
  )
}

const fields = ['shared', 'unreachable'] as const

/** Shared and unreachable names that do not exist in a database. */
export async function sharedFindingsIn(connection: Connection, listed: Listed): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const field of fields) {
    const rows = await query(connection, unknownNames, [
      JSON.stringify(listed[field].map((name) => ({ name, quoted: quotedName(name) }))),
    ])
    findings.push(...rows.map(({ name }) => unknownName(String(name), field)))
  }
  return findings
}

const unknownNames = `
select value ->> 'name' as name from json_array_elements($1::text::json) with ordinality as given (value, place)
where not exists (
    select from pg_class c join pg_namespace n on n.oid = c.relnamespace 
    where ${quotedNameOf('nspname', 'relname')} = value ->> 'quoted')
  and not exists (
    select from pg_proc p join pg_namespace n on n.oid = p.pronamespace 
    where ${quotedNameOf('nspname', 'proname')} = value ->> 'quoted')
order by place`

const unknownName = (object: string, field: 'shared' | 'unreachable'): Finding => ({
  level: 'warning',
  check: 'unknown-shared',
  guarantee: 12,
  object,
  problem: `it is in ${field}, but no such table, view, sequence or function exists`,
  remedy: `Correct or remove the name in --${field} or in rowhouse.config.ts.`,
})

/** RegExp.escape() of Node 24. */
const escapedPattern = (name: string): string => name.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
