import { describe, expect, test } from 'bun:test'
import type { TenantKind } from '../../src/context/index.ts'
import { keyOf } from '../../src/context/internal.ts'
import { createTenantDirectory, header } from '../../src/resolution/index.ts'
import { watchedPool } from '../database/watched-pool.ts'
import { main } from '../database.ts'
import { newApp } from './app.ts'
import { type Keys, newKeys, newSlug, registerAll, suspend } from './registered.ts'

// A caller with a list of tenants names another tenant. The number of lookups must not depend on that tenant, or the time of
// the response would show whether it exists.

const kinds = ['id', 'slug', 'externalId', 'domain'] as const
const pairs = kinds.flatMap((how) => kinds.map((claimed) => [how, claimed] as const))

/** An app with a directory of its own, whose caller has these claims, and the number of the directory's queries. */
function openApp(how: TenantKind, claims: readonly string[], yields: TenantKind) {
  const connections = watchedPool({ url: main.appUrl })
  const directory = createTenantDirectory({ connections })
  const tenants = claims.map((value) => keyOf(yields, value))
  const auth = { vary: [], verify: () => ({ actor: 'ada', tenants }) }
  const app = newApp({ from: header('X-Tenant', { yields: how }), auth, directory, directoryRequired: true })
  return {
    directory,
    queries: () => connections.sent.length,
    async send(value: string) {
      const response = await app.request('/', { headers: { 'X-Tenant': value } })
      const body = await response.json()
      return `${response.status} ${response.status === 200 ? body.tenantId : body.error.message}`
    },
    [Symbol.asyncDispose]: () => directory.close(),
  }
}

const foreign: [what: string, make: () => Promise<Keys>][] = [
  ['absent', async () => newKeys()],
  ['active', () => registerAll()],
  [
    'suspended',
    async () => {
      const tenant = await registerAll()
      await suspend(tenant.id)
      return tenant
    },
  ],
]
const refused = '403 Your credentials are not for this tenant'

describe.each(foreign)('a tenant of others that is %s', (_what, make) => {
  // The directory is asked for the caller's own tenants alone, and only when they are claimed by another kind.
  test.each(pairs)('costs no query when it is named by its %s, with two of %s in the claim', async (how, claimed) => {
    const [one, two] = [await registerAll(), await registerAll()]
    await using app = openApp(how, [one[claimed], two[claimed]], claimed)
    const own = how === claimed ? 0 : 2
    const other = (await make())[how]
    expect([await app.send(other), app.queries()]).toEqual([refused, own])
    expect([await app.send(other), app.queries()]).toEqual([refused, own])
  })

  test.each(kinds)('costs no query either when others have just used it, by its %s', async (how) => {
    const other = await make()
    const own = await registerAll()
    await using app = openApp(how, [own[how]], how)
    await app.directory.find(keyOf(how, other[how]))
    const before = app.queries()
    expect([await app.send(other[how]), app.queries()]).toEqual([refused, before])
  })
})

test.each(pairs)(
  'a caller reaches its tenant by its %s with its %s in the claim, with one query',
  async (how, claimed) => {
    const own = await registerAll()
    await using app = openApp(how, [own[claimed]], claimed)
    expect([await app.send(own[how]), app.queries()]).toEqual([`200 ${own.id}`, 1])
  },
)

test('a slug in the claim that the directory does not have is no tenant of the caller', async () => {
  const slug = newSlug()
  await using app = openApp('slug', [slug], 'slug')
  expect(await app.send(slug)).toBe(refused)
})

describe('a value of one kind that equals another tenant’s value of another kind', () => {
  /** Tenant A, whose external id is the slug, the id or the domain of B. */
  async function openPair(equal: 'id' | 'slug' | 'domain') {
    const b = await registerAll()
    const a = await registerAll({ ...newKeys(), externalId: b[equal] })
    return { a, b }
  }

  test.each(['id', 'slug', 'domain'] as const)('opens nothing: an external id that is the %s of B', async (equal) => {
    const { a, b } = await openPair(equal)
    for (const how of kinds) {
      await using app = openApp(how, [a.externalId], 'externalId')
      expect([how, await app.send(b[how])]).toEqual([how, refused])
      expect([how, await app.send(a[how])]).toEqual([how, `200 ${a.id}`])
    }
  })

  test.each(['id', 'slug', 'domain'] as const)(
    'opens nothing: a claim of %s that is the external id of A',
    async (equal) => {
      const { a, b } = await openPair(equal)
      for (const how of kinds) {
        await using app = openApp(how, [b[equal]], equal)
        expect([how, await app.send(a[how])]).toEqual([how, refused])
        expect([how, await app.send(b[how])]).toEqual([how, `200 ${b.id}`])
      }
    },
  )

  test.each(['id', 'slug', 'domain'] as const)('has answers of its own in the cache: %s', async (equal) => {
    const { a, b } = await openPair(equal)
    await using app = openApp('id', [], 'id')
    for (const _ of [1, 2]) {
      expect(await app.directory.find({ externalId: b[equal] })).toMatchObject({ id: a.id })
      expect(await app.directory.find(keyOf(equal, b[equal]))).toMatchObject({ id: b.id })
    }
  })
})

test('a caller who may act for every tenant names one by the kind of the extractor alone', async () => {
  const b = await registerAll()
  const a = await registerAll({ ...newKeys(), externalId: b.slug })
  const directory = createTenantDirectory({ connections: watchedPool({ url: main.appUrl }) })
  const ask = async (yields: TenantKind) => {
    const app = newApp({ from: header('X-Tenant', { yields }), directory, directoryRequired: true })
    return (await (await app.request('/', { headers: { 'X-Tenant': b.slug } })).json()).tenantId
  }
  expect([await ask('slug'), await ask('externalId'), await ask('domain')]).toEqual([b.id, a.id, undefined])
  await directory.close()
})

test('credentials that name tenants by another kind than ids need a directory', async () => {
  const auth = { vary: [], verify: () => ({ tenants: [{ externalId: 'org_1' }] }) }
  const app = newApp({ from: header('X-Tenant'), auth })
  expect((await app.request('/', { headers: { 'X-Tenant': newKeys().id } })).status).toBe(500)
})
