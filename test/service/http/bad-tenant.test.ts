import { expect, test } from 'bun:test'
import { TenantRequired } from '../../../src/context/index.ts'
import { header } from '../../../src/resolution/index.ts'
import { deps } from '../../app.ts'
import { newTenant } from '../../database.ts'
import { anonymous, as, build, failing, newAcme } from './app.ts'

const id = '0198b9a4-0000-7000-8000-00000000cafe'
const malformed = {
  'a word': 'acme',
  'an id without hyphens': id.replaceAll('-', ''),
  'an id in braces': `{${id}}`,
  'a urn': `urn:uuid:${id}`,
  'a digit too many': `${id}0`,
  'a digit missing': id.slice(1),
  'a letter that is no hex digit': `g${id.slice(1)}`,
  'hyphens in other places': `0198b9a40000-7000-8000-0000-00000000cafe`,
  'a space within': `${id.slice(0, 9)} ${id.slice(10)}`,
  'a tab and a second id': `${id}\t${id}`,
  'the same id twice': `${id}, ${id}`,
  'two ids': `${id}, ${newTenant()}`,
  'an id and nothing': `${id}, `,
  'nothing and an id': `, ${id}`,
  'digits of another script, as bytes': Buffer.from('١'.repeat(8), 'utf8').toString('latin1'),
  quotes: `'${id}'`,
  'a percent escape': `${id.slice(0, 35)}%65`,
  '8,000 characters': 'a'.repeat(8000),
}

/** Requests that must not reach the database. */
const untouched = failing(new Error('SQL would have been sent'))
const routes: [string, string][] = [
  ['GET', '/tasks'],
  ['POST', '/tasks'],
  ['GET', `/tasks/${id}`],
  ['PATCH', `/tasks/${id}`],
  ['DELETE', `/tasks/${id}`],
  ['GET', '/users'],
  ['POST', '/users'],
  ['GET', `/users/${id}`],
  ['PATCH', `/users/${id}`],
  ['DELETE', `/users/${id}`],
]

test.each(Object.entries(malformed))('rejects a tenant id that is %s', async (_, value) => {
  const { status, error } = await untouched.as(value).get('/tasks')
  expect([status, error?.code]).toEqual([400, 'BAD_REQUEST'])
  expect(error?.message).toContain('X-Tenant-Id')
})

test.each(routes)('%s %s rejects a missing tenant before anything else', async (method, path) => {
  for (const client of [untouched.anonymous, untouched.as(''), untouched.as('  ')]) {
    const { status, error } = await client.send(method, path)
    expect([status, error?.code]).toEqual([403, 'FORBIDDEN'])
    expect(error?.message).toMatch(/^Tenant header is required.*X-Tenant-Id/)
  }
})

test.each(routes)('%s %s rejects a malformed tenant', async (method, path) => {
  expect((await untouched.as('acme').send(method, path)).status).toBe(400)
})

test('rejects two header lines, even equal ones', async () => {
  const headers = new Headers()
  for (let line = 0; line < 2; line += 1) headers.append('X-Tenant-Id', id)
  expect((await untouched.app.request('/tasks', { headers })).status).toBe(400)
})

test('upper and lower case are the same tenant', async () => {
  const { tenant, task } = await newAcme()
  expect((await as(tenant.toUpperCase()).get('/tasks')).data).toEqual([task])
})

test('white space around the header is not part of its value', async () => {
  const { tenant, task } = await newAcme()
  expect((await as(` ${tenant} `).get('/tasks')).data).toEqual([task])
})

test('accepts every version and variant of UUID', async () => {
  for (const tenant of ['11111111-1111-1111-1111-111111111111', 'ffffffff-ffff-ffff-ffff-ffffffffffff'])
    expect((await as(tenant).get('/users?limit=1')).status).toBe(200)
})

test.each(['/health', '/ready', '/openapi.json', '/docs'])('%s ignores the tenant header', async (path) => {
  for (const client of [anonymous, as('acme'), as('')]) expect((await client.get(path)).status).toBe(200)
})

test('reads the tenant from the configured header', async () => {
  const { tenant, task } = await newAcme()
  const other = build({ tenant: { ...deps.tenant, from: header('X-Organisation') }, tenantHeader: 'X-Organisation' })
  const answer = await other.as(tenant).get('/tasks')
  expect(answer.data).toEqual([task])
  expect(answer.headers.get('Vary')).toBe('X-Organisation')
  expect((await other.app.request('/tasks', { headers: { 'X-Tenant-Id': tenant } })).status).toBe(403)
})

test('a route without the tenant middleware fails closed, without details', async () => {
  const { status, error } = await failing(new TenantRequired()).as(newTenant()).get('/tasks')
  expect({ status, error }).toEqual({
    status: 500,
    error: { code: 'INTERNAL_SERVER_ERROR', message: 'Something went wrong' },
  })
})
