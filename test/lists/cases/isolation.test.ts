import { expect, test } from 'bun:test'
import { newTenant } from '../../tenants.ts'
import { app, failureOf, offsetPageOf, pageOf, send } from './app.ts'
import { addRows } from './tables.ts'
import { forward } from './walks.ts'

/** Two tenants with the same ids and different words. */
async function twins() {
  const [a, b] = [newTenant(), newTenant()]
  const ids = await addRows(
    'firm',
    a,
    ['1', '2', '3', '4'].map((whole) => ({ whole, words: 'of a' })),
  )
  await addRows(
    'firm',
    b,
    ids.map((id, at) => ({ id, whole: String(9 - at), words: 'of b' })),
  )
  return { a, b, ids }
}

test('two tenants with equal ids walk their own rows', async () => {
  const { a, b, ids } = await twins()
  for (const limit of [1, 3]) {
    expect((await forward(a, '/firm', { limit })).flat()).toEqual(ids)
    expect((await forward(b, '/firm', { limit })).flat()).toEqual(ids.toReversed())
  }
})

test('a filter finds no row of another tenant and counts none', async () => {
  const { a } = await twins()
  const query = { wordsPrefix: 'of b', count: 'true' }
  expect(await pageOf(a, '/firm', query)).toMatchObject({ keys: [], total: 0, hasMore: false, previousCursor: null })
  expect(await offsetPageOf(a, '/firm', { wordsPrefix: 'of b' })).toEqual({ keys: [], total: 0, hasNext: false })
})

test('a cursor of another tenant is answered as one that nobody got', async () => {
  const { a, b } = await twins()
  const foreign = (await pageOf(b, '/firm', { limit: 1 })).nextCursor ?? ''
  const invented = 'A'.repeat(foreign.length)
  expect(await failureOf(a, '/firm', { cursor: foreign })).toEqual(await failureOf(a, '/firm', { cursor: invented }))
})

test('a page of a tenant whose rows are all gone does not go on in another tenant', async () => {
  const { a, b } = await twins()
  const empty = newTenant()
  expect(await pageOf(empty, '/firm')).toMatchObject({ keys: [], nextCursor: null, previousCursor: null })
  expect((await pageOf(a, '/firm', { limit: 4 })).nextCursor).toBeNull()
  expect((await pageOf(b, '/firm', { limit: 4 })).nextCursor).toBeNull()
})

test('pages by cursor are not for shared caches', async () => {
  const { a } = await twins()
  const response = await send(app, a, '/firm', { cursor: '' })
  expect(response.headers.get('Cache-Control')).toMatch(/private|no-store/)
  expect(response.headers.get('Vary')).toContain('X-Tenant-Id')
})
