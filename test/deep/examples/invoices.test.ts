import { beforeAll, expect, test } from 'bun:test'
import { createBareDatabase } from '../../database.ts'
import { start, until } from '../../runtime/child.ts'
import { runs } from '../kit/project.ts'
import { type Example, freePort, installExample, testExample } from './example.ts'

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

test('migrates a database, serves its documentation and a request with a token, and runs its job', async () => {
  const { folder, program } = example
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
  const token = await (await fetch(`${issuerUrl}/token?tenant=550e8400-e29b-41d4-a716-446655440000`)).text()
  const rates = await at('/vat-rates', { Authorization: `Bearer ${token}` })
  expect(await rates.json()).toMatchObject({
    success: true,
    data: expect.arrayContaining([{ code: 'AT-20', percent: '20.00' }]),
  })
  expect((await at('/vat-rates')).status).toBe(401)
  await runs([program('rowhouse'), 'tenant', 'create', 'acme', '--name', 'Acme'], folder, env)
  expect(await runs(['npm', 'run', '--silent', 'remind'], folder, env)).toContain('0 reminders were sent')
  server.signal('SIGTERM')
  expect({ code: await server.exited, stderr: server.stderr }).toEqual({ code: 0, stderr: '' })
}, 60_000)
