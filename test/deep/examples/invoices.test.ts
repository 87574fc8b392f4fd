import { beforeAll, expect, test } from 'bun:test'
import { createBareDatabase } from '../../database.ts'
import { start, until } from '../../runtime/child.ts'
import { runs } from '../kit/project.ts'
import { type Example, freePort, installExample, testExample } from './example.ts'

const tenant = 'org_2NxVKbZ5YhM0'
const address = { street: '2 Low Street', city: 'Graz', country: 'AT' }
const customer = { name: 'Globex', email: 'pay@globex.example', address }
let example: Example
const env: Record<string, string> = {}

beforeAll(async () => {
  example = await installExample('invoices')
  const { ownerUrl, appUrl } = await createBareDatabase()
  // Roles belong to the whole server: other tests may have an app_admin with another password.
  const adminUrl = Object.assign(new URL(appUrl), { username: `invoices_admin_${process.pid}` }).href
  Object.assign(env, { DATABASE_OWNER_URL: ownerUrl, DATABASE_URL: appUrl, DATABASE_ADMIN_URL: adminUrl })
}, 180_000)

testExample(() => example)

test('migrates a database, serves its documentation and requests with tokens of text tenants, and runs its job', async () => {
  const { folder, program } = example
  await runs(['npm', 'run', 'migrate'], folder, env)
  await runs(['npm', 'run', 'build'], folder)
  await using issuer = start([program('rowhouse'), 'issuer', '--port', '0', '--audience', 'invoices'], {}, folder)
  const issuerUrl = await until(() => /http:\/\/localhost:\d+/.exec(issuer.stdout)?.[0])
  const port = String(freePort())
  const secrets = { ROWHOUSE_SECRET: 'a secret of at least 32 characters', PAYMENT_SECRET: 'change-me' }
  const settings = { ...env, ...secrets, PORT: port, JWT_ISSUER: issuerUrl }
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
