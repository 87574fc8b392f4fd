import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, relative } from 'node:path'
import { is } from 'drizzle-orm'
import { PgTable } from 'drizzle-orm/pg-core'
import { rowVersion } from '../../conditions/index.ts'
import { OperatorError } from '../../errors/index.ts'
import { readText } from '../../migrate/index.ts'
import type { RowhouseConfig } from '../config.ts'
import { loadModule } from '../load-module.ts'
import { appModule } from '../output/app-module.ts'
import { save, type WrittenFile } from '../output/written-file.ts'
import { nameColumns } from '../schema/column-names.ts'
import { byLabel, readTables, type SchemaTable, toSchemaTable } from '../schema/read-schema.ts'
import { schemaName } from '../schema/schema-files.ts'
import { assertNotLater, writtenFiles } from '../schema/written-files.ts'
import { modulePath } from './code.ts'
import { parseColumns } from './columns.ts'
import { findLayout } from './layout.ts'
import { namesOf } from './names.ts'
import { pagesCode } from './pages-code.ts'
import { register } from './register.ts'
import { repositoryCode } from './repository-code.ts'
import { describeResource, type Resource } from './resource.ts'
import { routesCode } from './routes-code.ts'
import { schemaCode } from './schema-code.ts'
import { schemasCode } from './schemas-code.ts'
import { testCode } from './test-code.ts'

/** What `rowhouse add` did. */
export interface Added {
  files: { path: string; outcome: 'written' | 'changed' | 'exists' }[]
  /** The files of the SQL folder. */
  sql: WrittenFile[]
  /** Lines of the app that the user has to add. */
  missing: string[]
  /** Why they are missing. */
  reasons: string[]
  resource: Resource
}

/**
 * Adds a resource to a project: the table, its schemas, queries, routes and tests, and their registration. It overwrites no file:
 * what exists stays, so that a second run changes nothing.
 *
 * @param columns as `parseColumns` reads them. @default one text, "name"
 * @throws OperatorError before anything is written
 */
export async function addResource(
  project: RowhouseConfig,
  { table, columns, singular }: { table: string; columns: string | undefined; singular: string | undefined },
): Promise<Added> {
  const names = namesOf(table, singular)
  await assertNotLater(project)
  const tables = await readTables(project)
  const layout = await findLayout(project, tables)
  const resource = describeResource(names, parseColumns(columns ?? 'name:text', project.tenantColumn), {
    tables,
    project,
    layout,
  })
  const { paths } = resource
  const known = tables.find(({ schema, name }) => schema === 'public' && name === table)
  const described = known ? at(resource, known) : resource
  const wanted: [string, string][] = [
    ...(known ? [] : [[paths.schema, schemaCode(resource)] satisfies [string, string]]),
    [paths.schemas, schemasCode(resource)],
    [paths.repository, repositoryCode(described)],
    [paths.pages, pagesCode(described)],
    [paths.routes, routesCode(described)],
    [paths.test, testCode(resource)],
  ]
  if (known && columns === undefined && wanted.some(([path]) => !existsSync(path)))
    throw new OperatorError(
      `The schema has the table ${table} already: name its columns with --columns, as in its schema`,
    )
  if (known && !existsSync(paths.repository)) assertVersion(known)
  if (!known && layout.schemaIndex === undefined) await assertInSchema(project, paths.schema)

  const files: Added['files'] = []
  for (const [path, text] of wanted) {
    const isThere = existsSync(path)
    if (!isThere) await write(path, text)
    files.push({ path, outcome: isThere ? 'exists' : 'written' })
  }
  if (!known) files.push(...(await exportFromIndex(resource)))
  const { missing, reasons, file } = await registerIn(resource)
  files.push(file)
  const sql = await writtenFiles(project, known ? tables : [...tables, await read(project, resource)].toSorted(byLabel))
  for (const file of sql) await save(file)
  return { files, sql, missing, reasons, resource }
}

/** Refuses a module that the commands and drizzle-kit would not read. */
async function assertInSchema(project: RowhouseConfig, path: string): Promise<void> {
  const { schema, folder } = project
  // A folder stands for the modules directly in it; a pattern may leave this name out.
  if (schema.includes(dirname(path)) || (await isMatch(schema, path))) return
  throw new OperatorError(
    `${relative(folder, path)} is not a module of the schema, which is ${schemaName(project)}: name the folder, ` +
      'or a module that exports every table, in drizzle.config.ts or in rowhouse.config.ts',
  )
}

async function isMatch(schema: string[], path: string): Promise<boolean> {
  const { matchesGlob } = await import('node:path')
  return schema.some((pattern) => pattern === path || matchesGlob?.(path, pattern))
}

/** Refuses a table whose `updatedAt` is no version of its rows. */
function assertVersion({ columns, keys, label }: SchemaTable): void {
  const column = columns.find(({ name }) => keys.get(name) === 'updatedAt')
  try {
    if (column) rowVersion(column)
  } catch (cause) {
    throw new OperatorError(`${label}: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}

/** The resource with the module in which the schema has its table. */
const at = (resource: Resource, known: SchemaTable): Resource => ({
  ...resource,
  known,
  paths: { ...resource.paths, schema: known.file },
})

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}

async function exportFromIndex({ layout, paths }: Resource): Promise<Added['files']> {
  const { schemaIndex: path, extension } = layout
  if (path === undefined) return []
  const before = existsSync(path) ? await readText(path) : ''
  const line = `export * from '${modulePath(path, paths.schema, extension)}'`
  if (before.includes(line)) return [{ path, outcome: 'exists' }]
  const lines = before.trimEnd().split('\n').filter(Boolean)
  const isList = lines.every((text) => text.startsWith('export * from '))
  await write(path, `${(isList ? [...lines, line].toSorted() : [before.trimEnd(), line]).join('\n')}\n`)
  return [{ path, outcome: before === '' ? 'written' : 'changed' }]
}

async function registerIn(
  resource: Resource,
): Promise<Pick<Added, 'missing' | 'reasons'> & { file: Added['files'][number] }> {
  const { app: path } = resource.layout
  const before = existsSync(path) ? await readText(path) : undefined
  const { text, ...rest } = register(before ?? appModule(resource.project), resource)
  if (text === before) return { ...rest, file: { path, outcome: 'exists' } }
  await write(path, text)
  return { ...rest, file: { path, outcome: before === undefined ? 'written' : 'changed' } }
}

/** The new table, from its own module: the runtime remembers the index of the schema without it. */
async function read(project: RowhouseConfig, { names, paths }: Resource): Promise<SchemaTable> {
  const module = await loadModule(paths.schema, project.folder)
  const table: unknown = Object.entries(module).find(([name]) => name === names.many)?.[1]
  if (!is(table, PgTable)) throw new OperatorError(`${paths.schema} does not export the table ${names.many}`)
  nameColumns(table, project.casing)
  return toSchemaTable(names.many, table, project, paths.schema)
}
