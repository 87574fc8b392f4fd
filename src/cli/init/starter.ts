import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, extname, join, relative } from 'node:path'
import type { TenantIdType } from '../../context/index.ts'
import { readText } from '../../migrate/index.ts'
import { defaults, type RowhouseConfig } from '../config.ts'
import { drizzleConfigFile } from '../drizzle-config.ts'
import { optionCode, tenantDatabaseCode } from '../output/option-code.ts'
import { hasNoSchema } from '../schema/schema-files.ts'
import { tenantColumnsCode } from '../schema/tenant-column-code.ts'
import { type TestRunner, testRunnerOf } from '../test-runner.ts'

/** A file that `init` writes once, because it is the user's from then on. */
export interface StarterFile {
  path: string
  text: string
}

/**
 * The files of a first table, for a folder without any code: a schema, and the configuration of drizzle-kit.
 *
 * @returns no files for a folder that has code
 */
export async function starterFiles(project: RowhouseConfig): Promise<StarterFile[]> {
  const {
    folder,
    schema: [path = ''],
  } = project
  if (!hasNoSchema(project) || !(await isEmpty(folder))) return []
  const config = { path: join(folder, 'drizzle.config.ts'), text: drizzleConfig }
  return [
    { path: extname(path) === '' ? join(path, 'index.ts') : path, text: schemaCode(project.tenantId) },
    ...(drizzleConfigFile(folder) === undefined ? [config] : []),
  ]
}

/** Whether a folder has no code: no folder, and no module but a configuration and the `index.ts` of `bun init`. */
async function isEmpty(folder: string): Promise<boolean> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries.every((entry) =>
    entry.isDirectory()
      ? /^(\.|node_modules$)/.test(entry.name)
      : !/\.[cm]?[jt]sx?$/.test(entry.name) || /^index\.ts$|\.config\./.test(entry.name),
  )
}

/** The isolation test of a project, unless it has one. */
export async function isolationTest(project: RowhouseConfig): Promise<StarterFile[]> {
  if (await hasIsolationTest(project)) return []
  const runner = await testRunnerOf(project.folder)
  return [{ path: testPath(project), text: testCode(runner, project) }]
}

const testFolder = ({ folder, tests }: RowhouseConfig): string =>
  tests ?? ['test', 'tests'].map((name) => join(folder, name)).find((path) => existsSync(path)) ?? join(folder, 'test')

/** The isolation test; a test of the user's own may have the usual name. */
function testPath(project: RowhouseConfig): string {
  const usual = join(testFolder(project), 'isolation.test.ts')
  const isOwn = existsSync(usual) && !readFileSync(usual, 'utf8').includes('expectTenantIsolation')
  return isOwn ? join(testFolder(project), 'tenant-isolation.test.ts') : usual
}

async function hasIsolationTest({ folder, tests }: RowhouseConfig): Promise<boolean> {
  for (const place of new Set([join(folder, 'test'), join(folder, 'tests'), ...(tests ? [tests] : [])])) {
    const names = existsSync(place) ? await readdir(place, { recursive: true }) : []
    for (const name of names.filter((name) => /\.[cm]?[jt]sx?$/.test(name) && !name.includes('node_modules')))
      if ((await readText(join(place, name))).includes('expectTenantIsolation')) return true
  }
  return false
}

/** @throws when the file exists */
export async function writeStarter({ path, text }: StarterFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text, { flag: 'wx' })
}

const schemaCode = (tenantId: TenantIdType): string => `import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { tenantColumns } from 'rowhouse'

// A first table. Add others with "rowhouse add", or write them like this one: each key begins with tenantId.
export const notes = pgTable('notes', { ${tenantColumnsCode(tenantId)} text: text('text').notNull() }, (t) => [
  primaryKey({ columns: [t.tenantId, t.id] }),
]).enableRLS()
`

const drizzleConfig = `// No credentials, on purpose: "drizzle-kit push" would disable row-level security. "rowhouse migrate" applies migrations.
export default { dialect: 'postgresql', schema: '${defaults.schema}', out: '${defaults.migrations}' }
`

function testCode(runner: TestRunner, project: RowhouseConfig): string {
  const after = runner === 'node:test' ? 'after' : 'afterAll'
  const fields = optionCode(project, ['tenantColumn', 'unreachable'])
  const options = fields.length === 0 ? '' : `, { ${fields.join(', ')} }`
  return `import { ${after}, test } from '${runner}'
import { createPool, createTenantDatabase } from 'rowhouse'
import { expectTenantIsolation } from 'rowhouse/testing'

const url = process.env['DATABASE_URL']
if (!url) throw new Error('DATABASE_URL is not set: set it to the login of the service in a test database')
const db = ${tenantDatabaseCode(project, 4)}
${after}(() => db.close())

test("no tenant reaches another tenant's rows", async () => {
  await expectTenantIsolation(db${options})
})
`
}

/** The command that runs the isolation test, without the package manager. A Node that loads no TypeScript needs jiti for it. */
export const testCommand = (runner: TestRunner, project: RowhouseConfig): string => {
  const node = process.features.typescript ? 'node' : 'node --import jiti/register'
  const programs = { 'bun:test': 'bun test', vitest: 'vitest run', 'node:test': `${node} --test` }
  return `${programs[runner]} ${relative(project.folder, testPath(project))}`
}
