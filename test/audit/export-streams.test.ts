import { expect, test } from 'bun:test'
import type { TenantDatabase } from '../../src/database/index.ts'
import { header } from '../../src/resolution/index.ts'
import { createApp } from '../../src/service/app.ts'
import type { Target } from '../../src/testing/index.ts'
import { deps } from '../app.ts'
import { db, main, open } from '../database.ts'
import { newTenant, tenantIds } from '../tenants.ts'
import { addEvents, append } from './log.ts'

const auth = { vary: [], verify: () => ({ tenants: 'any' as const, roles: ['owner'] }) }
const appOn = (database: TenantDatabase, log = deps.log) =>
  createApp({ ...deps, log, db: database, tenant: { from: header('X-Tenant-Id'), auth, ...tenantIds } })

/** A tenant with so many entries, and its requests for exports. */
async function withEntries(count: number, app: Target = appOn(db)) {
  const tenant = newTenant()
  await addEvents(tenant, count)
  await append()
  const headers = { 'X-Tenant-Id': tenant, Accept: 'application/x-ndjson' }
  return { tenant, headers, send: () => app.request('/audit-log', { headers }) }
}

const linesOf = (text: string) => text.split('\n').length - 1

test('an export is read as fast as the client reads, and keeps no connection meanwhile', async () => {
  const small = open(main, 1)
  let reads = 0
  const read: TenantDatabase['read'] = (work) => {
    reads += 1
    return small.read(work)
  }
  const { send, headers } = await withEntries(350, appOn({ ...small, read }))
  const reader = (await send()).body?.getReader()
  const first = await reader?.read()
  expect([linesOf(new TextDecoder().decode(first?.value)), reads]).toEqual([100, 1])
  // The pool has one connection.
  expect(
    (await appOn(small).request('/audit-log', { headers: { 'X-Tenant-Id': headers['X-Tenant-Id'] } })).status,
  ).toBe(200)
  await reader?.read()
  expect(reads).toBe(2)
  await reader?.cancel()
})

test('a tenant has two exports at the same time, and the next one when the client has left one', async () => {
  const app = appOn(db)
  const { send } = await withEntries(350, app)
  const [one, two] = [await send(), await send()]
  const third = await send()
  expect([one.status, two.status, third.status]).toEqual([200, 200, 429])
  expect(third.headers.get('Retry-After')).toBe('5')
  expect((await (await withEntries(1, app)).send()).status).toBe(200)
  await one.body?.cancel()
  const fourth = await send()
  expect(linesOf(await fourth.text())).toBe(350)
  expect(linesOf(await two.text())).toBe(350)
  for (let times = 0; times < 3; times += 1) expect(linesOf(await (await send()).text())).toBe(350)
})

test('a failure before the first bytes is the envelope, and one after them breaks the response off', async () => {
  let allowed = 0
  const read: TenantDatabase['read'] = (work) => {
    allowed -= 1
    return allowed < 0 ? Promise.reject(new Error('The database failed')) : db.read(work)
  }
  const lines: string[] = []
  const error = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`)
  const app = appOn({ ...db, read }, { ...deps.log, error })
  const { send, headers } = await withEntries(350, app)
  const failed = await send()
  expect([failed.status, (await failed.json()).error.code]).toEqual([500, 'INTERNAL_SERVER_ERROR'])
  const server = Bun.serve({ port: 0, fetch: (request) => app.fetch(request), error: () => new Response() })
  try {
    allowed = 2
    const response = await fetch(new URL('/audit-log', server.url), { headers })
    expect(response.status).toBe(200)
    await expect(response.text()).rejects.toThrow()
    expect(lines.at(-1)).toBe('an export of the audit trail broke off {"name":"Error"}')
    allowed = 4
    const whole = await fetch(new URL('/audit-log', server.url), { headers })
    expect(linesOf(await whole.text())).toBe(350)
  } finally {
    await server.stop(true)
  }
})

test('entries that come during an export are in the next one', async () => {
  const { tenant, send } = await withEntries(250)
  const response = await send()
  await addEvents(tenant, 10)
  await append()
  expect(linesOf(await response.text())).toBe(250)
  expect(linesOf(await (await send()).text())).toBe(260)
})
