import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { getTableColumns, is } from 'drizzle-orm'
import { getTableConfig, type PgColumn, PgTable } from 'drizzle-orm/pg-core'
import { OperatorError } from '../../errors/index.ts'
import type { RowhouseConfig } from '../config.ts'
import { nameColumns } from './column-names.ts'

/** A table of a Drizzle schema. */
export interface SchemaTable extends ReturnType<typeof getTableConfig> {
  schema: string
  /** `schema.table`, quoted where a regclass needs quotes. */
  label: string
  /** The name of the module's export. */
  exportName: string
  /** The column of the tenant id; undefined when the table has no such column. */
  tenant: PgColumn | undefined
  isShared: boolean
  /** The property names of the columns in the schema's code, by their names in the database. */
  keys: Map<string, string>
}

/**
 * Reads the tables of a project's Drizzle schema.
 *
 * @throws OperatorError when the module is missing, broken, or exports no table
 * @returns the tables in the order of their labels
 */
export async function readSchema(project: RowhouseConfig): Promise<SchemaTable[]> {
  const { schema, folder } = project
  const path = relative(folder, schema)
  if (!existsSync(schema))
    throw new OperatorError(
      `${path} does not exist: name the module of the Drizzle tables with --schema or in rowhouse.config.ts`,
    )
  const module: object = await import(pathToFileURL(schema).href).catch((cause: unknown) => {
    throw new OperatorError(`${path} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`)
  })
  const tables = new Map<PgTable, SchemaTable>()
  for (const table of Object.values(module)) if (is(table, PgTable)) nameColumns(table, project.casing)
  for (const [exportName, value] of Object.entries(module))
    if (is(value, PgTable) && !tables.has(value)) tables.set(value, toSchemaTable(exportName, value, project))
  if (tables.size === 0)
    throw new OperatorError(
      `${path} exports no Drizzle table: write "export const …", or name another module with --schema`,
    )
  return [...tables.values()].toSorted((a, b) => (a.label < b.label ? -1 : 1))
}

export function toSchemaTable(
  exportName: string,
  table: PgTable,
  project: Pick<RowhouseConfig, 'tenantColumn' | 'shared'>,
): SchemaTable {
  const config = getTableConfig(table)
  const label = qualify(config.schema, config.name)
  return {
    ...config,
    schema: config.schema ?? 'public',
    label,
    exportName,
    tenant: config.columns.find((column) => column.name === project.tenantColumn),
    isShared: project.shared.some((name) => unquote(name) === unquote(label)),
    keys: new Map(Object.entries(getTableColumns(table)).map(([key, column]) => [column.name, key])),
  }
}

/** `schema.table` without quotes, to compare names that were quoted by different rules. */
export const unquote = (name: string): string =>
  name.replaceAll(/"((?:[^"]|"")+)"/g, (_, inner: string) => inner.replaceAll('""', '"'))

/** `schema.table` in the form that a regclass prints (PostgreSQL, chapter 8.19). */
export const qualify = (schema: string | undefined, name: string): string =>
  [schema ?? 'public', name].map((part) => (/^[a-z_][a-z0-9_]*$/.test(part) ? part : quote(part))).join('.')

/** A quoted identifier. */
export const quote = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`
