import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { getTableColumns, is } from 'drizzle-orm'
import { getTableConfig, type PgColumn, PgTable } from 'drizzle-orm/pg-core'
import { ConfigError } from '../config.ts'
import type { RowhouseConfig } from './config.ts'

/** A table of a Drizzle schema, as the commands look at it. */
export interface SchemaTable extends ReturnType<typeof getTableConfig> {
  schema: string
  /** `schema.table`, quoted where a regclass needs it. */
  label: string
  /** What the module exports it as. */
  exportName: string
  /** The column that says whose a row is; none on a table that belongs to no tenant. */
  tenant: PgColumn | undefined
  isShared: boolean
  /** The names that the schema's own code has for its columns, by the database's names. */
  keys: Map<string, string>
}

/**
 * Reads the tables of a project's Drizzle schema.
 *
 * @throws ConfigError when the module is missing, broken, or exports no table
 * @returns them in the order of their labels
 */
export async function readSchema({ schema, folder, tenantColumn, shared }: RowhouseConfig): Promise<SchemaTable[]> {
  const path = relative(folder, schema)
  if (!existsSync(schema))
    throw new ConfigError(
      `There is no ${path}: name the module of the Drizzle tables with --schema or in rowhouse.config.ts`,
    )
  const module: object = await import(pathToFileURL(schema).href).catch((cause: unknown) => {
    throw new ConfigError(`${path} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`)
  })
  const sharedNames = new Set(shared.map((name) => parts(name).join('.')))
  const tables = new Map<PgTable, SchemaTable>()
  for (const [exportName, value] of Object.entries(module)) {
    if (!is(value, PgTable) || tables.has(value)) continue
    const config = getTableConfig(value)
    const name = qualify(config.schema, config.name)
    tables.set(value, {
      ...config,
      schema: config.schema ?? 'public',
      label: name,
      exportName,
      tenant: config.columns.find((column) => column.name === tenantColumn),
      isShared: sharedNames.has(parts(name).join('.')),
      keys: new Map(Object.entries(getTableColumns(value)).map(([key, column]) => [column.name, key])),
    })
  }
  if (tables.size === 0) throw new ConfigError(`${path} exports no Drizzle table: name the module with --schema`)
  return [...tables.values()].toSorted((a, b) => (a.label < b.label ? -1 : 1))
}

/** The schema's and the table's name out of `schema.table`, without their quotes. */
function parts(name: string): string[] {
  return [...name.matchAll(/"((?:[^"]|"")+)"|[^."]+/g)].map(([text, quoted]) => quoted?.replaceAll('""', '"') ?? text)
}

/** `schema.table`, quoted only where a regclass would read it differently (PostgreSQL, chapter 8.19). */
export const qualify = (schema: string | undefined, name: string): string =>
  [schema ?? 'public', name].map((part) => (/^[a-z_][a-z0-9_]*$/.test(part) ? part : quote(part))).join('.')

/** An identifier that SQL reads as it stands, whatever is in it. */
export const quote = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`
