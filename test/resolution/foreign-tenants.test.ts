import { describe, expect, test } from 'bun:test'
import type { ClaimedTenant } from '../../src/context/index.ts'
import { createTenantDirectory, type TenantExtractor } from '../../src/resolution/index.ts'
import { watchedPool } from '../database/watched-pool.ts'
import { main, newTenant } from '../database.ts'
import { newApp } from './app.ts'
import { idOf, newSlug, register, suspend } from './registered.ts'

// A caller with a list of tenants names another tenant. The number of lookups must not depend on that tenant, or the time of
// the response would show whether it exists.

const by: Record<'id' | 'slug', TenantExtractor> = {
  id: { label: 'X-Tenant', missing: '', extract: (c) => c.req.header('X-Tenant') },
  slug: {
    label: 'X-Tenant',
    missing: '',
    yields: 'slug',
    extract: (c) => ({ slug: c.req.header('X-Tenant') ?? '' }),
  },
}

/** An app with a directory of its own, whose caller has these claims, and the number of the directory's queries. */
function openApp(claims: readonly (string | ClaimedTenant)[], how: 'id' | 'slug') {
  const connections = watchedPool({ url: main.appUrl })
  const directory = createTenantDirectory({ connections })
  const auth = { vary: [], verify: () => ({ actor: 'ada', tenants: claims }) }
  const app = newApp({ from: by[how], auth, directory, directoryRequired: true })
  return {
    directory,
    queries: () => connections.sent.length,
    async send(value: string) {
      const response = await app.request('/', { headers: { 'X-Tenant': value } })
      return `${response.status} ${response.status === 200 ? '' : (await response.json()).error.message}`
    },
    [Symbol.asyncDispose]: () => directory.close(),
  }
}

const foreign: [what: string, make: () => Promise<{ id: string; slug: string }>][] = [
  ['absent', async () => ({ id: newTenant(), slug: newSlug() })],
  ['active', () => register()],
  [
    'suspended',
    async () => {
      const tenant = await register()
      await suspend(tenant.id)
      return tenant
    },
  ],
]
/** A claim of a tenant. */
const claimedBy = (how: 'id' | 'slug', { id, slug }: { id: string; slug: string }): ClaimedTenant =>
  how === 'id' ? { id } : { slug }

const refused = '403 Your credentials are not for this tenant'

describe.each(foreign)('a tenant of others that is %s', (_what, make) => {
  // How many of the caller's own tenants the directory has to be asked for: those that are claimed in the other form.
  test.each([
    ['id', 'two ids', 0],
    ['slug', 'two slugs', 0],
    ['id', 'two slugs', 2],
    ['slug', 'two ids', 2],
    ['id', 'an id and a slug', 1],
    ['slug', 'an id and a slug', 1],
  ] as const)(
    'costs no query when it is named by its %s, with %s in the claim (own lookups: %i)',
    async (how, claimed, own) => {
      const [one, two] = [await register(), await register()]
      const claims = {
        'two ids': [one.id, two.id],
        'two slugs': [{ slug: one.slug }, { slug: two.slug }],
        'an id and a slug': [one.id, { slug: two.slug }],
      }
      await using app = openApp(claims[claimed], how)
      const other = (await make())[how]
      expect([await app.send(other), app.queries()]).toEqual([refused, own])
      expect([await app.send(other), app.queries()]).toEqual([refused, own])
    },
  )

  test.each(['id', 'slug'] as const)('costs no query either when others have just used it, by its %s', async (how) => {
    const other = await make()
    const own = await register()
    await using app = openApp([claimedBy(how, own)], how)
    await app.directory.find(how === 'id' ? { id: idOf(other.id) } : { slug: other.slug })
    const before = app.queries()
    expect([await app.send(other[how]), app.queries()]).toEqual([refused, before])
  })
})

test.each([
  ['id', 'id'],
  ['id', 'slug'],
  ['slug', 'id'],
  ['slug', 'slug'],
] as const)('a caller reaches its tenant by its %s with its %s in the claim, with one query', async (how, claimed) => {
  const own = await register()
  await using app = openApp([claimedBy(claimed, own)], how)
  expect([await app.send(own[how]), app.queries()]).toEqual(['200 ', 1])
})

test('a name in the claim that the directory does not have is no tenant of the caller', async () => {
  const slug = newSlug()
  await using app = openApp([{ slug }], 'slug')
  expect(await app.send(slug)).toBe(refused)
})
