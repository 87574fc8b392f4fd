import { existsSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { readText } from '../../migrate/index.ts'
import type { RowhouseConfig } from '../config.ts'
import type { SchemaTable } from '../schema/read-schema.ts'
import { hasNoSchema, schemaFiles } from '../schema/schema-files.ts'
import { readManifest, type TestRunner, testRunnerOf } from '../test-runner.ts'
import { type Import, modulePath } from './code.ts'

/** Where a project keeps its code, and how its modules import each other. */
export interface Layout {
  /** The folder of new schema modules. */
  schemaFolder: string
  /** The module that exports every table, when new ones must be added to it. */
  schemaIndex: string | undefined
  features: string
  app: string
  tests: string
  /** What relative imports end with: `.ts`, `.js` or nothing. */
  extension: string
  /** A module of the tests' folder that exports `as(tenant)`, and one that exports `db`: tests use them instead of an app of their own. */
  testApp: string | undefined
  testDatabase: string | undefined
  /** The tables of the schema. */
  tables: SchemaTable[]
  /** The module that a test imports `test` from. */
  testRunner: TestRunner
  /** The imports of the kit's names in a file. */
  kit: (file: string, names: string[], entry?: string) => Import[]
}

/**
 * Finds the layout of a project, of which its configuration may name the folders.
 *
 * @throws OperatorError when its package.json is broken
 */
export async function findLayout(project: RowhouseConfig, tables: SchemaTable[]): Promise<Layout> {
  const { folder } = project
  const files = hasNoSchema(project) ? project.schema : await schemaFiles(project)
  const [index = ''] = files
  const isIndex = project.schema.length === 1 && project.schema[0] === index
  const { name } = await readManifest(folder)
  const inFolder = await findApp(folder)
  const source = inFolder === undefined || existsSync(join(folder, 'src')) ? join(folder, 'src') : folder
  const first = (paths: string[], otherwise: string) => paths.find((path) => existsSync(path)) ?? otherwise
  const inSource = (names: string[]) => names.map((name) => join(source, name))
  const isModuleIndex = /^index\./.test(basename(index))
  const app = project.app ?? (await findApp(source)) ?? inFolder ?? join(source, 'app.ts')
  const tests = project.tests ?? first([join(folder, 'test'), join(folder, 'tests')], join(folder, 'test'))
  const testRunner = await testRunnerOf(folder)
  const extension = await extensionOf(folder, [index, app], testRunner)
  return {
    schemaFolder: isIndex && !isModuleIndex ? join(dirname(index), basename(index, extname(index))) : dirname(index),
    schemaIndex: isIndex ? index : undefined,
    features: project.features ?? first(inSource(['features', 'modules']), join(source, 'features')),
    app,
    tests,
    testApp: await exporting(join(tests, 'app.ts'), 'as'),
    testDatabase: await exporting(join(folder, 'test/database.ts'), 'db'),
    tables,
    extension,
    testRunner,
    kit: name === 'rowhouse' ? withinKit(folder) : (_, names, entry) => [[names, `rowhouse${entry ?? ''}`]],
  }
}

/** The first module of the usual names that makes an app of Hono. */
async function findApp(folder: string): Promise<string | undefined> {
  for (const path of ['app', 'server', 'index', 'main'].map((name) => join(folder, `${name}.ts`)))
    if (existsSync(path) && /\b(Hono|createRouter)\b/.test(await readText(path))) return path
  return undefined
}

async function exporting(path: string, name: string): Promise<string | undefined> {
  if (!existsSync(path)) return undefined
  return new RegExp(`^export const (\\{[^}]*)?\\b${name}\\b`, 'm').test(await readText(path)) ? path : undefined
}

/** As the project's modules write it, else as its tests and its compiler require it: Node finds no TypeScript behind `.js`. */
export async function extensionOf(folder: string, modules: string[], testRunner: TestRunner): Promise<string> {
  for (const path of modules) {
    const [, found] = existsSync(path) ? (/from '\.[^']*?(\.[jt]s)?'/.exec(await readText(path)) ?? []) : []
    if (found !== undefined) return found
    if (existsSync(path) && /from '\.[^']*'/.test(await readText(path))) return ''
  }
  if (testRunner === 'node:test') return '.ts'
  const options = existsSync(join(folder, 'tsconfig.json')) ? await readText(join(folder, 'tsconfig.json')) : ''
  const isOn = (option: string) => new RegExp(`"${option}"\\s*:\\s*true`, 'i').test(options)
  if (options === '' || isOn('allowImportingTsExtensions') || isOn('rewriteRelativeImportExtensions')) return '.ts'
  return '.js'
}

/** In the repository of the kit itself, its folders are imported. */
function withinKit(folder: string): Layout['kit'] {
  const folders: Record<string, string[]> = {
    conditions: ['etagHeaders', 'ExpectedVersion', 'notModified', 'rowOf', 'rowVersion', 'WrittenRow', 'writtenRow'],
    context: ['tenantColumns', 'TenantEnv'],
    envelope: ['listOf', 'ok', 'successOf'],
    errors: ['ApiError', 'Constraints'],
    idempotency: ['once'],
    lists: ['between', 'cursors', 'equals', 'oneOf', 'pages', 'prefix'],
    openapi: ['created', 'createRouter', 'id', 'json', 'jsonBody', 'tenantRoute', 'text'],
    testing: ['testClient'],
  }
  const folderOf = (name: string) =>
    Object.keys(folders).find((key) => folders[key]?.includes(name.replace(/^type /, ''))) ?? 'database'
  // Its tests run with each type of tenant ids, which is in test/tenants.ts.
  const moduleOf = (name: string) => (name === 'withTenant' ? 'test/tenants.ts' : `src/${folderOf(name)}/index.ts`)
  return (file, names) => names.map((name) => [[name], modulePath(file, join(folder, moduleOf(name)), '.ts')])
}
