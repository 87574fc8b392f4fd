import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { extensionOf } from '../../../src/cli/add/layout.ts'
import { createProject, rowhouse } from '../run.ts'

const root = join(import.meta.dir, '../../..')
const users = `import { pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { tenantColumns } from '${root}/src/context/index.ts'
export const users = pgTable('users', { ...tenantColumns(), email: text('email').notNull() },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] })])
export const logs = pgTable('logs', { id: uuid('id').notNull(), tenantId: uuid('tenant_id').notNull() },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] })])
export const loose = pgTable('loose', { ...tenantColumns() })
`
const app = `import { Hono } from 'hono'
import { claim, createErrorHandler, createTenantDatabase, tenant } from 'rowhouse'

const database = createTenantDatabase({ connections })
const app = new Hono().onError(createErrorHandler())
app.use('/notes', tenant({ from: claim(), auth: jwt({ key, issuer: 'https://issuer.example', audience: 'notes' }) }))
app.get('/notes', (c) => c.text('…'))
export default app
`

const cursors = `// Encrypts the cursors of lists. Without ROWHOUSE_SECRET, a cursor is valid in this process alone: set it in production.
app.use(cursors({ secret: process.env['ROWHOUSE_SECRET'] ?? crypto.randomUUID() }))`

const textOf = (project: { folder: string }, path: string) => readFileSync(join(project.folder, path), 'utf8')

// The new table is imported by the command, so it must not import the kit by a name that this repository has not installed.
const config = "export default { tenantColumn: 'org_id' }"
const orgs = `import { pgTable, primaryKey, uuid } from 'drizzle-orm/pg-core'
export const users = pgTable('users', { orgId: uuid('org_id').notNull(), id: uuid('id').notNull() },
  (t) => [primaryKey({ columns: [t.orgId, t.id] })])
`

describe('rowhouse add', () => {
  test('registers the routes in an app of two lines a resource, behind its tenant middleware', async () => {
    using project = createProject({ 'db/schema/index.ts': orgs, 'rowhouse.config.ts': config, 'app.ts': app })
    const add = ['add', 'invoices', '--columns', 'number:text, userId:users']
    const { code, stdout, stderr } = await rowhouse(add, { cwd: project.folder })
    expect([code, stderr]).toEqual([0, ''])
    const lines = [...stdout.matchAll(/^(\S+) (written|changed|exists)$/gm)].map(([line]) => line)
    expect(lines.filter((line) => !line.startsWith('sql/'))).toEqual([
      'db/schema/invoices.ts written',
      'features/invoices/schemas.ts written',
      'features/invoices/repository.ts written',
      'features/invoices/pages.ts written',
      'features/invoices/routes.ts written',
      'test/invoices.test.ts written',
      'db/schema/index.ts changed',
      'app.ts changed',
    ])
    expect(textOf(project, 'app.ts')).toBe(
      app
        .replace(
          "from 'rowhouse'\n",
          "from 'rowhouse'\nimport { cursors } from 'rowhouse/lists'\nimport { invoiceConstraints, invoiceRoutes } from './features/invoices/routes.ts'\n",
        )
        .replace('createErrorHandler()', 'createErrorHandler({ constraints: { ...invoiceConstraints } })')
        .replace(
          'export default',
          `${cursors}
app.use('/invoices/*', tenant({ from: claim(), auth: jwt({ key, issuer: 'https://issuer.example', audience: 'notes' }) }))
app.route('/invoices', invoiceRoutes({ db: database }))
export default`,
        ),
    )
    expect(textOf(project, 'sql/40-protected-tables.sql')).toContain(
      "select tenancy.protect('public.invoices', 'org_id');",
    )
  })

  test('writes the tenant column of the project', async () => {
    using project = createProject({ 'db/schema/index.ts': orgs, 'rowhouse.config.ts': config, 'app.ts': app })
    await rowhouse(['add', 'invoices', '--columns', 'userId:users'], { cwd: project.folder })
    const schema = textOf(project, 'db/schema/invoices.ts')
    expect(schema).toContain("orgId: uuid('org_id').notNull().default(sql`tenancy.current_tenant_id()`),")
    expect(schema).toContain('columns: [t.orgId, t.userId],')
    expect(schema).toContain('foreignColumns: [users.orgId, users.id],')
  })

  test('writes a test whose parent has an array, bytes, and JSON of a type of its own', async () => {
    const scans = `import { customType, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
const bytea = customType<{ data: Uint8Array }>({ dataType: () => 'bytea' })
export const scans = pgTable('scans', {
  orgId: uuid('org_id').notNull(), id: uuid('id').notNull().defaultRandom(), words: text('words').array().notNull(),
  content: bytea('content').notNull(), place: jsonb('place').$type<{ city: string }>().notNull(),
}, (t) => [primaryKey({ columns: [t.orgId, t.id] })])
`
    using project = createProject({ 'db/schema/index.ts': scans, 'rowhouse.config.ts': config, 'app.ts': app })
    const { code, stderr } = await rowhouse(['add', 'pages', '--columns', 'scanId:scans'], { cwd: project.folder })
    expect([code, stderr]).toEqual([0, ''])
    // The type of JSON is not known when the command runs.
    expect(textOf(project, 'test/pages.test.ts')).toMatch(
      /values\(\{ words: \[\], content: new Uint8Array\(\), place: \{\} as never \}\)/,
    )
  })

  test('changes nothing when it runs again', async () => {
    using project = createProject({ 'db/schema/index.ts': orgs, 'rowhouse.config.ts': config, 'app.ts': app })
    const add = () => rowhouse(['add', 'invoices', '--columns', 'number:text'], { cwd: project.folder })
    await add()
    const before = ['app.ts', 'db/schema/index.ts', 'features/invoices/routes.ts'].map((path) => textOf(project, path))
    const { code, stdout } = await add()
    expect([code, stdout.includes('written'), stdout.includes('changed')]).toEqual([0, false, false])
    expect(
      ['app.ts', 'db/schema/index.ts', 'features/invoices/routes.ts'].map((path) => textOf(project, path)),
    ).toEqual(before)
  })

  test('prints the lines that an app has no place for, and exits with 1', async () => {
    const strange = 'import { Hono } from "hono"\nexport const makeApp = () => new Hono()\n'
    using project = createProject({ 'db/schema/index.ts': orgs, 'rowhouse.config.ts': config, 'app.ts': strange })
    const { code, stdout } = await rowhouse(['add', 'invoices'], { cwd: project.folder })
    expect(code).toBe(1)
    expect(
      stdout,
    ).toContain(`app.ts has no place for these lines that the command knows, because it declares no router at its top level. Add them:

${cursors}
app.use('/invoices/*', tenant({ from: claim(), auth }))
app.route('/invoices', invoiceRoutes({ db }))
`)
  })

  test('appends the routes to an app without an end that it knows, outside of its handlers', async () => {
    const open = `${app.replace('const app', 'export const app').split("app.get('/notes'")[0]}app.get('/notes', (c) => {
return c.text('…')
})
`
    using project = createProject({ 'db/schema/index.ts': orgs, 'rowhouse.config.ts': config, 'app.ts': open })
    const { code } = await rowhouse(['add', 'invoices'], { cwd: project.folder })
    expect(code).toBe(0)
    const [, end] = textOf(project, 'app.ts').split("return c.text('…')\n})\n")
    expect(
      end
        ?.replace(`${cursors}\n`, '')
        .split('\n')
        .map((line) => line.split(', ')[0]),
    ).toEqual(["app.use('/invoices/*'", "app.route('/invoices'", ''])
  })

  test('prints the lines for an app that a function creates', async () => {
    const made = app
      .replace('const app', 'function createApp() {\nconst app')
      .replace('export default app', 'return app\n}\nexport default createApp()')
      .replace('\nconst app', '\n  const app')
      .replace('\napp.use', '\n  app.use')
    using project = createProject({ 'db/schema/index.ts': orgs, 'rowhouse.config.ts': config, 'app.ts': made })
    const { code, stdout } = await rowhouse(['add', 'invoices'], { cwd: project.folder })
    expect(code).toBe(1)
    const [, middleware] = /app\.use\('\/notes', (.*)\)$/m.exec(app) ?? []
    expect(stdout).toContain(`))\napp.use('/invoices/*', ${middleware})\napp.route('/invoices'`)
    expect(textOf(project, 'app.ts')).not.toContain('app.route(')
  })

  test('imports the routes in an app that writes double quotes', async () => {
    const double = app.replaceAll("'", '"')
    using project = createProject({ 'db/schema/index.ts': orgs, 'rowhouse.config.ts': config, 'app.ts': double })
    const { code } = await rowhouse(['add', 'invoices'], { cwd: project.folder })
    expect(code).toBe(0)
    expect(textOf(project, 'app.ts')).toContain("import { invoiceRoutes } from './features/invoices/routes.ts'\n")
  })

  test('names a missing import again when it runs again', async () => {
    const bare = app.replace(/^import .*$/gm, '')
    using project = createProject({ 'db/schema/index.ts': orgs, 'rowhouse.config.ts': config, 'app.ts': bare })
    await rowhouse(['add', 'invoices'], { cwd: project.folder })
    const { code, stdout } = await rowhouse(['add', 'invoices'], { cwd: project.folder })
    expect([code, stdout.split('Add them:')[1]?.trim()]).toEqual([
      1,
      "import { invoiceRoutes } from './features/invoices/routes.ts'\nimport { cursors } from 'rowhouse/lists'",
    ])
  })

  test('imports TypeScript for node --test, which finds none behind .js', async () => {
    using project = createProject({ 'tsconfig.json': '{}' })
    expect(await extensionOf(project.folder, [], 'node:test')).toBe('.ts')
    expect(await extensionOf(project.folder, [], 'vitest')).toBe('.js')
  })

  test.each([['./db/tables/*.sql.ts'], [['./db/users.ts', './db/logs.ts']]])(
    'refuses a table for the schema %j, which would not read its module, and writes nothing',
    async (schema) => {
      using project = createProject({
        'rowhouse.config.ts': `export default ${JSON.stringify({ tenantColumn: 'org_id', schema })}`,
        'db/tables/users.sql.ts': orgs,
        'db/users.ts': orgs,
        'db/logs.ts': orgs.replaceAll('users', 'logs'),
      })
      const { code, stdout, stderr } = await rowhouse(['add', 'invoices'], { cwd: project.folder })
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toContain('invoices.ts is not a module of the schema')
      expect(['features', 'src', 'sql', 'test'].filter((path) => existsSync(join(project.folder, path)))).toEqual([])
    },
  )

  test.each(['./db', './db/*.ts'])('writes a table in the schema %j, which reads its module', async (schema) => {
    using project = createProject({
      'rowhouse.config.ts': `export default { tenantColumn: 'org_id', schema: '${schema}' }`,
      'db/users.ts': orgs,
    })
    const { code } = await rowhouse(['add', 'invoices'], { cwd: project.folder })
    expect([code, existsSync(join(project.folder, 'db/invoices.ts'))]).toEqual([0, true])
  })

  test('imports an existing table by the name that its module exports', async () => {
    const exported = orgs.replace('const users', 'const usersTable')
    using project = createProject({ 'db/schema/index.ts': exported, 'rowhouse.config.ts': config })
    await rowhouse(['add', 'users', '--columns', 'email:text'], { cwd: project.folder })
    const repository = textOf(project, 'src/features/users/repository.ts')
    expect(repository).toContain("import { usersTable as users } from '../../../db/schema/index.ts'")
    expect(repository).toContain('export type UserRow = typeof users.$inferSelect')
    const [, from] = /type UserRow[^']*'([^']+)'/.exec(textOf(project, 'src/features/users/routes.ts')) ?? []
    expect(from).toBe('./repository.ts')
  })

  test('passes the options of the configuration to the code that it writes', async () => {
    const options = `export default { tenantColumn: 'org_id', casing: 'snake_case', shared: ['public.logs'], unreachable: ['auth.keys'] }`
    using project = createProject({ 'db/schema/index.ts': orgs, 'rowhouse.config.ts': options })
    await rowhouse(['add', 'invoices'], { cwd: project.folder })
    const database = "casing: 'snake_case' })"
    expect(textOf(project, 'src/app.ts')).toContain(database)
    expect(textOf(project, 'test/invoices.test.ts')).toContain(database)
    expect(textOf(project, 'src/app.ts')).toContain(
      "createIsolationCheck({ url, tenantColumn: 'org_id', shared: ['public.logs'], unreachable: ['auth.keys'] })",
    )
  })

  test('uses the folders that rowhouse.config.ts names', async () => {
    const named =
      "export default { tenantColumn: 'org_id', features: 'code/parts', app: 'code/main.ts', tests: 'spec' }"
    using project = createProject({ 'db/schema/index.ts': orgs, 'rowhouse.config.ts': named, 'code/main.ts': app })
    await rowhouse(['add', 'invoices'], { cwd: project.folder })
    const paths = ['code/parts/invoices/routes.ts', 'spec/invoices.test.ts']
    expect(paths.filter((path) => !existsSync(join(project.folder, path)))).toEqual([])
    expect(textOf(project, 'code/main.ts')).toContain("from './parts/invoices/routes.ts'")
  })

  test.each([
    [['add', 'users'], 'The schema has the table users already: name its columns with --columns'],
    [
      ['add', 'bills', '--columns', 'x:nothing'],
      '--columns: nothing is neither a type nor a table of the schema, which has logs, ',
    ],
    [
      ['add', 'bills', '--columns', 'x:loose'],
      'public.loose needs a uuid "id" and a unique key (id, tenant_id) to be referred to',
    ],
    [['add', 'Bills'], '"Bills" must be a name in snake_case'],
  ])('rejects %j and writes nothing', async (parameters, message) => {
    using project = createProject({ 'db/schema/index.ts': users })
    const { code, stdout, stderr } = await rowhouse(parameters, { cwd: project.folder })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toStartWith(message)
    expect(['features', 'src', 'sql', 'test'].filter((path) => existsSync(join(project.folder, path)))).toEqual([])
  })
})
