import { beforeAll, expect, test } from 'bun:test'
import { cp } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { run } from '../../cli/run.ts'
import { createBareDatabase, main } from '../../database.ts'
import { start, until } from '../../runtime/child.ts'
import { archive, createFolder, root, runs } from '../kit/project.ts'

// A stranger's project: the example in a folder of its own, with the packed kit from npm's point of view, on Node.

const example = join(root, 'examples/invoices')
const tenant = 'org_2NxVKbZ5YhM0'
const address = { street: '2 Low Street', city: 'Graz', country: 'AT' }
const customer = { name: 'Globex', email: 'pay@globex.example', address }
let folder = ''
const env: Record<string, string> = {}
const program = (name: string) => join(folder, 'node_modules/.bin', name)

beforeAll(async () => {
  folder = await createFolder()
  const isSource = (path: string) => !['node_modules', 'dist', 'package-lock.json'].includes(basename(path))
  await cp(example, folder, { recursive: true, filter: isSource })
  await runs(['npm', 'install', '--no-save', '--prefer-offline', '--no-audit', '--no-fund', await archive()], folder)
  const { ownerUrl, appUrl } = await createBareDatabase()
  // Roles belong to the whole server: other tests may have an app_admin with another password.
  const adminUrl = Object.assign(new URL(appUrl), { username: `invoices_admin_${process.pid}` }).href
  Object.assign(env, { DATABASE_OWNER_URL: ownerUrl, DATABASE_URL: appUrl, DATABASE_ADMIN_URL: adminUrl })
}, 180_000)

test('compiles, and the declarations of the kit compile with it', async () => {
  const { stdout } = await run([program('tsc'), '--skipLibCheck', 'false', '--pretty', 'false'], folder)
  // Those of drizzle-orm name drivers that are not installed.
  expect(
    stdout.split('\n').filter((line) => /^\S/.test(line) && !line.startsWith('node_modules/drizzle-orm/')),
  ).toEqual([])
}, 60_000)

test('has the SQL and the migrations that its schema and the kit need', async () => {
  const { stdout, stderr } = await run([program('rowhouse'), 'init'], folder)
  expect(stderr).toBe('')
  expect(stdout).not.toMatch(/ (written|updated|was not changed)/)
  expect(await runs([program('drizzle-kit'), 'generate'], folder)).toContain('No schema changes')
}, 60_000)

test('passes its own tests, and their process ends', async () => {
  const { code, stdout, stderr } = await run([program('vitest'), 'run'], folder, { TEST_DATABASE_URL: main.ownerUrl })
  expect({ code, output: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, output: '' })
}, 120_000)

test('migrates a database, serves its documentation and requests with tokens of text tenants, and runs its job', async () => {
  await runs(['npm', 'run', 'migrate'], folder, env)
  await runs(['npm', 'run', 'build'], folder)
  await using issuer = start([program('rowhouse'), 'issuer', '--port', '0', '--audience', 'invoices'], {}, folder)
  const issuerUrl = await until(() => /http:\/\/localhost:\d+/.exec(issuer.stdout)?.[0])
  const port = String(freePort())
  const settings = { ...env, PORT: port, JWT_ISSUER: issuerUrl, PAYMENT_SECRET: 'change-me' }
  await using server = start(['node', 'dist/server.js'], settings, folder)
  await until(() => server.stdout.includes('/docs') || undefined)
  const at = (path: string, headers = {}) => fetch(`http://localhost:${port}${path}`, { headers })
  expect(await (await at('/docs')).text()).toContain('swagger-ui')
  const bearer = async (tenant: string) => ({
    Authorization: `Bearer ${await (await fetch(`${issuerUrl}/token?org_id=${tenant}`)).text()}`,
  })
  const acme = await bearer(tenant)
  const rates = await at('/vat-rates', acme)
  expect(await rates.json()).toMatchObject({
    success: true,
    data: expect.arrayContaining([{ code: 'AT-20', percent: '20.00' }]),
  })
  expect((await at('/vat-rates')).status).toBe(401)
  const created = await fetch(`http://localhost:${port}/customers`, {
    method: 'POST',
    headers: { ...acme, 'Content-Type': 'application/json' },
    body: JSON.stringify(customer),
  })
  expect(created.status).toBe(201)
  const inOtherCase = await bearer(tenant.toUpperCase())
  const namesOf = async (headers: object) =>
    (await (await at('/customers', headers)).json()).data.map(({ name }: { name: string }) => name)
  expect([await namesOf(acme), await namesOf(inOtherCase)]).toEqual([['Globex'], []])
  expect((await at('/customers', { ...inOtherCase, 'X-Tenant-Id': tenant })).status).toBe(403)
  const create = ['tenant', 'create', 'acme', '--name', 'Acme', '--id', tenant]
  expect(await runs([program('rowhouse'), ...create], folder, env)).toBe(`${tenant}\n`)
  expect(await runs(['npm', 'run', '--silent', 'remind'], folder, env)).toContain('0 reminders were sent')
  server.signal('SIGTERM')
  expect({ code: await server.exited, stderr: server.stderr }).toEqual({ code: 0, stderr: '' })
}, 60_000)

function freePort(): number {
  using server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
  return server.port ?? 0
}
