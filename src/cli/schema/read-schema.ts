import { getTableColumns, is } from 'drizzle-orm'
import { getTableConfig, type PgColumn, PgTable } from 'drizzle-orm/pg-core'
import { OperatorError } from '../../errors/index.ts'
import type { RowhouseConfig } from '../config.ts'
import { loadModule } from '../load-module.ts'
import { nameColumns, uncasedOf } from './column-names.ts'
import { hasNoSchema, schemaFiles, schemaName } from './schema-files.ts'

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
  /** Whether the serving role must not reach it. */
  isUnreachable: boolean
  /** The property names of the columns in the schema's code, by their names in the database. */
  keys: Map<string, string>
  /** The names of the columns in the names of unique constraints, where casing makes them others. */
  uncased: Map<string, string>
}

/**
 * Reads the tables of a project's Drizzle schema.
 *
 * @throws OperatorError when the module is missing, broken, or exports no table
 * @returns the tables in the order of their labels
 */
export async function readSchema(project: RowhouseConfig): Promise<SchemaTable[]> {
  const tables = await readModules(project, await schemaFiles(project))
  if (tables.length > 0) return tables
  throw new OperatorError(
    `${schemaName(project)} exports no Drizzle table: write "export const …", or name another module with --schema`,
  )
}

/** Reads the tables of a project as {@link readSchema} does, also of a project without tables, or without the module yet. */
export async function readTables(project: RowhouseConfig): Promise<SchemaTable[]> {
  return hasNoSchema(project) ? [] : await readModules(project, await schemaFiles(project))
}

async function readModules(project: RowhouseConfig, files: string[]): Promise<SchemaTable[]> {
  const tables = new Map<PgTable, SchemaTable>()
  for (const path of files) {
    const module = await loadModule(path, project.folder)
    const exported = Object.entries(module).filter((entry): entry is [string, PgTable] => is(entry[1], PgTable))
    for (const [, table] of exported) nameColumns(table, project.casing)
    for (const [exportName, table] of exported)
      if (!tables.has(table)) tables.set(table, toSchemaTable(exportName, table, project, path))
  }
  return [...tables.values()].toSorted(byLabel)
}

/** Whether the configuration lists a relation as shared or unreachable. */
export function listing(label: string, { shared, unreachable }: Pick<RowhouseConfig, 'shared' | 'unreachable'>) {
  const isIn = (names: string[]) => names.some((name) => unquote(name) === unquote(label))
  return { isShared: isIn(shared), isUnreachable: isIn(unreachable) }
}

/** The order of tables in reports and files. */
export const byLabel = (a: SchemaTable, b: SchemaTable): number => (a.label < b.label ? -1 : 1)

export function toSchemaTable(
  exportName: string,
  table: PgTable,
  { tenantColumn, ...listed }: Pick<RowhouseConfig, 'tenantColumn' | 'shared' | 'unreachable'>,
  file = '',
): SchemaTable {
  const config = getTableConfig(table)
  const label = qualify(config.schema, config.name)
  const uncased = uncasedOf(table)
  return {
    ...config,
    uniqueConstraints: uncased?.uniqueConstraints ?? config.uniqueConstraints,
    uncased: uncased?.names ?? new Map(),
    schema: config.schema ?? 'public',
    label,
    file,
    exportName,
    tenant: config.columns.find((column) => column.name === tenantColumn),
    ...listing(label, listed),
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
