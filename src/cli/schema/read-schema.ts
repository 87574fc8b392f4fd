import { getTableColumns, is } from 'drizzle-orm'
import { getTableConfig, type PgColumn, PgTable } from 'drizzle-orm/pg-core'
import { OperatorError } from '../../errors/index.ts'
import type { RowhouseConfig } from '../config.ts'
import { loadModule } from '../load-module.ts'
import { nameColumns } from './column-names.ts'
import { schemaFiles, schemaName } from './schema-files.ts'

/** A table of a Drizzle schema. */
export interface SchemaTable extends ReturnType<typeof getTableConfig> {
  schema: string
  /** `schema.table`, quoted where a regclass needs quotes. */
  label: string
  /** The module of the schema that exports the table, and the name of the export. */
  file: string
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
  const tables = new Map<PgTable, SchemaTable>()
  for (const path of await schemaFiles(project)) {
    const module = await loadModule(path, project.folder)
    const exported = Object.entries(module).filter((entry): entry is [string, PgTable] => is(entry[1], PgTable))
    for (const [, table] of exported) nameColumns(table, project.casing)
    for (const [exportName, table] of exported)
      if (!tables.has(table)) tables.set(table, toSchemaTable(exportName, table, project, path))
  }
  if (tables.size === 0)
    throw new OperatorError(
      `${schemaName(project)} exports no Drizzle table: write "export const …", or name another module with --schema`,
    )
  return [...tables.values()].toSorted((a, b) => (a.label < b.label ? -1 : 1))
}

export function toSchemaTable(
  exportName: string,
  table: PgTable,
  project: Pick<RowhouseConfig, 'tenantColumn' | 'shared'>,
  file = '',
): SchemaTable {
  const config = getTableConfig(table)
  const label = qualify(config.schema, config.name)
  return {
    ...config,
    schema: config.schema ?? 'public',
    label,
    file,
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
