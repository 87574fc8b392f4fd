import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import {
  type Authentication,
  authorize,
  type ClaimedTenant,
  type TenantEnv,
  type TenantKey,
} from '../../src/context/index.ts'
import { keyOf, tenantKinds } from '../../src/context/internal.ts'
import { createErrorHandler } from '../../src/errors/index.ts'
import { claim, firstOf, header, type TenantDirectory, tenant } from '../../src/resolution/index.ts'
import { newTenant, respelled, tenantIds } from '../tenants.ts'
import { directoryOf, newEntry } from './app.ts'

// A caller's credentials name one tenant in several ways, each with roles. The request chooses how it names the tenant, so the
// roles must not depend on that: those of the first claim that names the tenant count.

const acme = { ...newEntry('acme'), externalId: 'org_acme', domains: ['acme.example'] }
const globex = { ...newEntry('globex'), externalId: 'org_globex', domains: ['globex.example'] }
const nameOf = { id: acme.id, slug: 'acme', externalId: 'org_acme', domain: 'acme.example' }
const foreignNameOf = { id: globex.id, slug: 'globex', externalId: 'org_globex', domain: 'globex.example' }

type Claims = readonly (string | ClaimedTenant)[]

/** An app whose caller has these claims, and the lookups of its directory. `send` returns the caller's role, or the status. */
function openApp(tenants: Claims, directory: TenantDirectory | null = directoryOf(acme, globex)) {
  const lookups: TenantKey[] = []
  const auth: Authentication = { vary: [], verify: () => ({ actor: 'ada', tenants }) }
  const counted =
    directory === null
      ? undefined
      : {
          find(wanted: TenantKey) {
            lookups.push(wanted)
            return directory.find(wanted)
          },
        }
  const from = firstOf(
    ...tenantKinds.flatMap((kind) => (counted || kind === 'id' ? [header(`X-${kind}`, { yields: kind })] : [])),
    claim(),
  )
  const app = new Hono<TenantEnv>()
  app.onError(createErrorHandler())
  app.use(tenant({ from, auth, directory: counted, ...tenantIds }))
  app.get('/:permission', async (c) => {
    await authorize(c, c.req.param('permission') as 'tasks:read')
    return c.text(c.var.tenantId)
  })
  const ask = async (permission: string, headers: Record<string, string>) =>
    (await app.request(`/${permission}`, { headers })).status
  return {
    lookups,
    async send(headers: Record<string, string>) {
      if ((await ask('tasks:purge', headers)) === 200) return 'owner'
      const status = await ask('tasks:read', headers)
      return status === 200 ? 'member' : status
    },
  }
}

/** All orders of a list. */
const ordersOf = <T>(list: readonly T[]): T[][] =>
  list.length === 0
    ? [[]]
    : list.flatMap((one) => ordersOf(list.filter((other) => other !== one)).map((o) => [one, ...o]))

const rolesOf = { owner: { roles: ['owner'] }, member: { roles: ['member'] }, none: { roles: [] }, unsaid: {} }
const expected = { owner: 'owner', member: 'member', none: 403, unsaid: 'member' }
const given = ['owner', 'member', 'none', 'unsaid'] as const

describe('the first claim that names the tenant gives the roles, however the request names it', () => {
  test.each(ordersOf(tenantKinds).map((order) => [order]))('with claims by %j', async (order) => {
    for (const roles of ordersOf(given)) {
      const claims = order.map((kind, at) => ({ ...keyOf(kind, nameOf[kind]), ...rolesOf[roles[at] ?? 'none'] }))
      const { send } = openApp(claims)
      for (const kind of tenantKinds)
        expect([claims, kind, await send({ [`X-${kind}`]: nameOf[kind] })]).toEqual([
          claims,
          kind,
          expected[roles[0] ?? 'none'],
        ])
    }
  })

  test.each(tenantKinds)('beside claims of other tenants, by its %s', async (kind) => {
    const others = tenantKinds.map((one) => ({ ...keyOf(one, foreignNameOf[one]), roles: ['owner'] }))
    const claims = [newTenant(), ...others, { slug: 'acme', roles: ['member'] }, { id: acme.id, roles: ['owner'] }]
    expect(await openApp(claims).send({ [`X-${kind}`]: nameOf[kind] })).toBe('member')
    expect(await openApp(claims).send({ [`X-${kind}`]: foreignNameOf[kind] })).toBe('owner')
  })

  test('of two claims with one id, also when their spelling differs', async () => {
    const claims = [
      { id: respelled(acme.id), roles: [] },
      { id: acme.id, roles: ['owner'] },
    ]
    for (const kind of tenantKinds) expect(await openApp(claims).send({ [`X-${kind}`]: nameOf[kind] })).toBe(403)
  })

  test('with an id that the directory does not have, which has no other name', async () => {
    const id = newTenant()
    const claims = [
      { slug: 'acme', roles: ['owner'] },
      { id, roles: ['member'] },
      { id, roles: ['owner'] },
    ]
    expect(await openApp(claims).send({ 'X-id': id })).toBe('member')
  })

  test('without a directory', async () => {
    const claims = [newTenant(), { id: acme.id, roles: [] }, { id: acme.id, roles: ['owner'] }]
    expect(await openApp(claims, null).send({ 'X-id': acme.id })).toBe(403)
  })
})

test('the roles of a claim cost no lookup: their number depends on the claims alone', async () => {
  const claims = [{ id: acme.id, roles: [] }, { slug: 'acme', roles: ['owner'] }, { externalId: 'org_acme' }]
  const own = openApp(claims)
  await own.send({ 'X-slug': 'acme' })
  expect(own.lookups).toEqual([{ slug: 'acme' }, { slug: 'acme' }]) // one for each of the two requests of send()
  const absent = { id: newTenant(), slug: 'absent', externalId: 'absent', domain: 'absent.example' }
  for (const kind of tenantKinds) {
    const counts = [foreignNameOf, absent].map(async (names) => {
      const app = openApp(claims)
      expect(await app.send({ [`X-${kind}`]: names[kind] })).toBe(403)
      return app.lookups.length / 2
    })
    const ofOtherKinds = claims.filter((one) => !(kind in one)).length
    expect(await Promise.all(counts)).toEqual([ofOtherKinds, ofOtherKinds])
  }
})

describe('claim()', () => {
  test.each<[string, Claims]>([
    ['texts', [acme.id, acme.id]],
    ['a text and an id', [acme.id, { id: acme.id, roles: ['owner'] }]],
    ['slugs', [{ slug: 'acme' }, { slug: 'acme', roles: ['owner'] }]],
  ])('takes a tenant that the credentials name twice for one (%s)', async (_, claims) => {
    expect(await openApp(claims).send({})).toBe('member')
  })

  test('names no tenant when the credentials name two', async () => {
    expect(await openApp([acme.id, globex.id]).send({})).toBe(403)
  })
})
