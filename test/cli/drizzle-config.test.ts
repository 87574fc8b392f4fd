import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { loadRowhouseConfig } from '../../src/cli/config.ts'
import { createBareDatabase } from '../database.ts'
import { createProject, rowhouse } from './run.ts'

const table = (name: string) => `import { pgTable, primaryKey, uuid } from 'drizzle-orm/pg-core'
export const ${name} = pgTable('${name}', { tenantId: uuid().notNull(), id: uuid().notNull() },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] })])`
const config = (fields: string) => `import { defineConfig } from 'drizzle-kit'
export default defineConfig({ dialect: 'postgresql', ${fields} })`

/** The tables that `rowhouse init` protects in a project with these files. */
async function protectedTables(files: Record<string, string>, ...flags: string[]) {
  using project = createProject(files)
  const { stdout, stderr } = await rowhouse(['init', '--dry-run', ...flags], { cwd: project.folder })
  return (
    [...stdout.matchAll(/^\+select tenancy\.protect\('public\.(\w+)'\);$/gm)].map(([, name]) => name).join() || stderr
  )
}

describe('drizzle.config.ts sets', () => {
  const tables = { 'db/notes.ts': table('notes'), 'db/deep/bills.ts': table('bills'), 'db/README.md': '# Tables' }
  test.each([
    ['a module', `schema: './db/notes.ts'`, 'notes'],
    ['a list of modules', `schema: ['./db/notes.ts', './db/deep/bills.ts']`, 'bills,notes'],
    ['a folder', `schema: './db'`, 'notes'],
    ['a pattern', `schema: './db/**/*.ts'`, 'bills,notes'],
    ['a pattern that matches other files too', `schema: './db/*'`, 'bills,notes'],
  ])('%s as the schema', async (_, schema, found) => {
    const files = { ...tables, 'drizzle.config.ts': config(`${schema}, casing: 'snake_case'`) }
    expect(await protectedTables(files)).toBe(found)
  })

  test('the folder of migrations', async () => {
    using project = createProject({ 'drizzle.config.ts': config(`out: './db/migrations'`) })
    const { migrations } = await loadRowhouseConfig({}, project.folder)
    expect(migrations).toBe(join(project.folder, 'db/migrations'))
  })

  test('what rowhouse.config.ts and a flag override', async () => {
    const files = {
      ...tables,
      'drizzle.config.json': JSON.stringify({ schema: './db/notes.ts', casing: 'camelCase' }),
      'rowhouse.config.ts': `export default { schema: './db/deep/bills.ts', tenantColumn: 'tenantId' }`,
    }
    const name = (column: string) => new RegExp(`^\\+select tenancy\\.protect\\('public\\.(\\w+)', '${column}'\\)`, 'm')
    using project = createProject(files)
    const run = async (...flags: string[]) =>
      (await rowhouse(['init', '--dry-run', ...flags], { cwd: project.folder })).stdout
    expect(name('tenantId').exec(await run())?.[1]).toBe('bills')
    expect(name('tenantId').exec(await run('--schema', 'db/notes.ts'))?.[1]).toBe('notes')
  })
})

test('a pattern that matches no file is named', async () => {
  expect(await protectedTables({ 'drizzle.config.ts': config(`schema: './src/*.ts'`) })).toStartWith(
    'src/*.ts does not exist: name the module of the Drizzle tables with --schema',
  )
})

test('a drizzle.config.ts that throws is named with its message', async () => {
  const files = { 'drizzle.config.ts': `throw new Error('DATABASE_URL is missing')` }
  expect(await protectedTables(files)).toBe('drizzle.config.ts cannot be loaded: DATABASE_URL is missing\n')
})

test('a wrong field of drizzle.config.ts is named', async () => {
  const files = { 'drizzle.config.ts': `export default { casing: 'kebab-case' }` }
  expect(await protectedTables(files)).toMatch(/^Invalid drizzle\.config\.ts:\n.*\n.*at casing\n$/)
})

describe('dbCredentials of drizzle.config.ts', () => {
  const notes = (url: string) => ({
    'schema.ts': table('notes'),
    'drizzle.config.ts': config(`schema: './schema.ts', casing: 'snake_case', dbCredentials: { url: '${url}' }`),
  })

  test('are the owner that migrates when DATABASE_OWNER_URL is not set', async () => {
    const { ownerUrl } = await createBareDatabase()
    const own = "do $$ begin raise exception 'in the database %', current_database(); end $$"
    using project = createProject({ ...notes(ownerUrl), 'sql/05-own.sql': own })
    const { stderr } = await rowhouse(['migrate'], { cwd: project.folder })
    expect(stderr).toContain(`in the database ${new URL(ownerUrl).pathname.slice(1)}\n`)
  })

  test('are not the owner when the service logs in with them', async () => {
    const { appUrl } = await createBareDatabase()
    using project = createProject(notes(appUrl))
    const { stderr } = await rowhouse(['migrate'], { cwd: project.folder, env: { DATABASE_URL: appUrl } })
    expect(stderr).toStartWith('DATABASE_OWNER_URL is not set')
  })

  test('are what the doctor inspects when DATABASE_URL is not set', async () => {
    const { ownerUrl } = await createBareDatabase()
    using project = createProject(notes(ownerUrl))
    const { stdout } = await rowhouse(['doctor'], { cwd: project.folder })
    expect(stdout).toContain('the serving role is a superuser')
  })

  test('that are wrong are named without the password', async () => {
    using project = createProject(notes('mysql://root:s3cret@localhost/app'))
    const { stderr } = await rowhouse(['migrate'], { cwd: project.folder })
    expect(stderr).toStartWith('dbCredentials.url of drizzle.config ')
    expect(stderr).not.toContain('s3cret')
  })
})
