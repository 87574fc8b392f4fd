import { expect, test } from 'bun:test'
import { type TenantIdType, TenantRequired } from '../../../src/context/index.ts'
import { header } from '../../../src/resolution/index.ts'
import { deps } from '../../app.ts'
import { newTenant, tenantIdType } from '../../tenants.ts'
import { anonymous, as, build, failing, newAcme } from './app.ts'

const id = '0198b9a4-0000-7000-8000-00000000cafe'
const own = newTenant()
const ofOneType: Record<TenantIdType, Record<string, string>> = {
  uuid: {
    'a word': 'acme',
    'an id without hyphens': own.replaceAll('-', ''),
    'a digit too many': `${own}0`,
    'a digit missing': own.slice(1),
    'a letter that is no hex digit': `g${own.slice(1)}`,
    'hyphens in other places': `0198b9a40000-7000-8000-0000-00000000cafe`,
  },
  text: { 'a mark in front': '_acme', '129 characters': 'a'.repeat(129), 'another script': 'ä', 'a slash': 'a/b' },
  bigint: {
    'a word': 'acme',
    'a zero in front': `0${own}`,
    'a sign in front': `+${own}`,
    'a digit too many': `${own}0`,
    zero: '0',
    'a fraction': `${own}.0`,
  },
}
const malformed = {
  ...ofOneType[tenantIdType],
  'an id in braces': `{${own}}`,
  'a urn': `urn:uuid:${own}`,
  'a space within': `${own.slice(0, 9)} ${own.slice(10)}`,
  'a tab and a second id': `${own}\t${own}`,
  'the same id twice': `${own}, ${own}`,
  'two ids': `${own}, ${newTenant()}`,
  'an id and nothing': `${own}, `,
  'nothing and an id': `, ${own}`,
  'digits of another script, as bytes': Buffer.from('١'.repeat(8), 'utf8').toString('latin1'),
  quotes: `'${own}'`,
  'a percent escape': `${own.slice(0, -1)}%65`,
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
  expect((await untouched.as('_acme').send(method, path)).status).toBe(400)
})

test('rejects two header lines, even equal ones', async () => {
  const headers = new Headers()
  for (let line = 0; line < 2; line += 1) headers.append('X-Tenant-Id', own)
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
  for (const client of [anonymous, as('_acme'), as('')]) expect((await client.get(path)).status).toBe(200)
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
