import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createProject, rowhouse } from '../run.ts'

// Another tenant column, so that the new table imports no kit: this repository has not installed it.
const config = "export default { tenantColumn: 'org_id' }"
const schema = `import { pgTable, primaryKey, uuid } from 'drizzle-orm/pg-core'
export const users = pgTable('users', { orgId: uuid('org_id').notNull(), id: uuid('id').notNull() },
  (t) => [primaryKey({ columns: [t.orgId, t.id] })])
`

const resolve = "tenant({ from: header('X-Tenant-Id'), auth: unverified() })"
const imports = `import { createErrorHandler, createRouter, createTenantDatabase, header, type TenantEnv, tenant, unverified } from 'rowhouse'
import { Hono } from 'hono'

`
const database = 'const database = createTenantDatabase({ connections })\n'
const notes = `const notes = createRouter<TenantEnv>()
  .openapi(listNotes, (c) => c.json([]))
`

/** Adds invoices to an app, and returns the lines of the app that name the routers and what the command printed. */
async function add(app: string) {
  using project = createProject({ 'db/schema/index.ts': schema, 'rowhouse.config.ts': config, 'app.ts': app })
  const { code, stdout } = await rowhouse(['add', 'invoices'], { cwd: project.folder })
  const lines = readFileSync(join(project.folder, 'app.ts'), 'utf8').split('\n')
  const [, printed = ''] = /^(app\.ts has no place [\s\S]*?)\n\nNext steps/m.exec(stdout) ?? []
  return { code, printed, lines: lines.filter((line) => /\.(use|route)\(/.test(line) && !/\bnotes\b/.test(line)) }
}

const added = (app: string, ...use: string[]) => [
  `${app}.use(cursors({ secret: process.env['ROWHOUSE_SECRET'] ?? crypto.randomUUID() }))`,
  ...use,
  `${app}.route('/invoices', invoiceRoutes({ db: database }))`,
]

test('add registers routes in the router with the tenant, behind the routers of resources', async () => {
  const app = `${imports}${database}${notes}
const app = new Hono().onError(createErrorHandler())
app.use('/notes/*', ${resolve})
app.route('/notes', notes)
export default app
`
  const { code, lines } = await add(app)
  expect([code, lines]).toEqual([0, added('app', `app.use('/invoices/*', ${resolve})`)])
})

test('add registers routes in a router with the tenant that another one mounts with its resources', async () => {
  const app = `${imports}${database}${notes}
const app = new Hono().onError(createErrorHandler())
const api = createRouter<TenantEnv>()
api.use(${resolve})
api.route('/notes', notes)
app.route('/api', api)
export default app
`
  const { code, lines } = await add(app)
  // Hono copies the routes of a router when it is mounted.
  expect([code, lines]).toEqual([0, [`api.use(${resolve})`, ...added('api'), "app.route('/api', api)"]])
})

test('add finds a router whose name is a path that it mounts too', async () => {
  const app = `${imports}${database}
const api = new Hono().onError(createErrorHandler())
api.use('/api/*', ${resolve})
api.route('/api', createRouter<TenantEnv>())
export default api
`
  const { code, lines } = await add(app)
  const before = [`api.use('/api/*', ${resolve})`, "api.route('/api', createRouter<TenantEnv>())"]
  expect([code, lines]).toEqual([0, [...before, ...added('api', `api.use('/invoices/*', ${resolve})`)]])
})

test('add mounts no resource in the router of another one', async () => {
  const app = `${imports}${database}${notes}
notes.use(${resolve})
const app = new Hono().onError(createErrorHandler())
app.route('/notes', notes)
export default app
`
  const { code, lines, printed } = await add(app)
  expect([code, lines]).toEqual([1, added('app').slice(0, 1)])
  expect(
    printed,
  ).toBe(`app.ts has no place for these lines that the command knows, because app has no use(…, tenant(…)). Add them:

app.use('/invoices/*', ${resolve})
app.route('/invoices', invoiceRoutes({ db: database }))`)
})

test('add names the reason for an app that a function creates, and prints lines in the words of the app', async () => {
  const app = `${imports}export function createApp() {
  ${database}  const server = new Hono().onError(createErrorHandler())
  server.use('/notes', ${resolve})
  return server
}
`
  const { code, printed } = await add(app)
  expect([code, printed]).toEqual([
    1,
    `app.ts has no place for these lines that the command knows, because it declares no router at its top level. Add them:

// Encrypts the cursors of lists. Without ROWHOUSE_SECRET, a cursor is valid in this process alone: set it in production.
server.use(cursors({ secret: process.env['ROWHOUSE_SECRET'] ?? crypto.randomUUID() }))
server.use('/invoices/*', ${resolve})
server.route('/invoices', invoiceRoutes({ db: database }))`,
  ])
})

test('add names a tenant database that is missing', async () => {
  const app = `${imports}const app = new Hono().onError(createErrorHandler())
app.use('/notes/*', ${resolve})
export default app
`
  const { code, printed } = await add(app)
  expect(code).toBe(1)
  expect(printed).toContain('because it neither declares a tenant database nor imports "db". Add them:')
})

test('add names an error handler that it cannot give constraints', async () => {
  using project = createProject({
    'db/schema/index.ts': schema,
    'rowhouse.config.ts': config,
    'app.ts': `${imports}${database}const app = new Hono().onError(onError)
app.use('/notes/*', ${resolve})
export default app
`,
  })
  const { code, stdout } = await rowhouse(['add', 'invoices', '--columns', 'userId:users'], { cwd: project.folder })
  expect(code).toBe(1)
  expect(stdout).toContain(
    'because no call of createErrorHandler() takes constraints. Add them:\n\ncreateErrorHandler({ constraints: { ...invoiceConstraints } })\n',
  )
})
