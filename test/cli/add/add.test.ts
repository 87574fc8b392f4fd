import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
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
      'features/invoices/routes.ts written',
      'test/invoices.test.ts written',
      'db/schema/index.ts changed',
      'app.ts changed',
    ])
    expect(textOf(project, 'app.ts')).toBe(
      app
        .replace(
          "from 'rowhouse'\n",
          "from 'rowhouse'\nimport { invoiceConstraints, invoiceRoutes } from './features/invoices/routes.ts'\n",
        )
        .replace('createErrorHandler()', 'createErrorHandler({ constraints: { ...invoiceConstraints } })')
        .replace(
          'export default',
          `app.use('/invoices/*', tenant({ from: claim(), auth: jwt({ key, issuer: 'https://issuer.example', audience: 'notes' }) }))
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
    expect(stdout).toContain(`app.ts has no place for these lines that the command knows. Add them:

import { invoiceRoutes } from './features/invoices/routes.ts'
app.route('/invoices', invoiceRoutes({ db }))
`)
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
