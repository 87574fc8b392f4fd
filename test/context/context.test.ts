import { expect, test } from 'bun:test'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { tenantContext } from '../../src/context/index.ts'
import { db } from '../database.ts'
import { newTenant, respelled, withTenant } from '../tenants.ts'

test('the context is undefined outside of any tenant', () => {
  expect(tenantContext()).toBeUndefined()
})

test('the tenant is set for everything that the work awaits', async () => {
  const tenant = newTenant()
  const seen = await withTenant(tenant, async () => {
    await delay(1)
    return await Promise.resolve().then(() => tenantContext()?.tenantId as string | undefined)
  })
  expect(seen).toBe(tenant)
  expect(tenantContext()).toBeUndefined()
})

test('the tenant id is converted to lower case', () => {
  const tenant = newTenant()
  expect(withTenant(respelled(tenant), () => tenantContext()?.tenantId as string | undefined)).toBe(tenant)
})

test('an invalid tenant id is rejected before the work runs', () => {
  const never = () => {
    throw new Error('The work ran')
  }
  expect(() => withTenant('_acme', never)).toThrow(TypeError)
})

test('an inner tenant is set only for the inner work, also when it throws', () => {
  const [a, b] = [newTenant(), newTenant()]
  const seen = withTenant(a, () => {
    expect(() =>
      withTenant(b, () => {
        throw new Error(tenantContext()?.tenantId)
      }),
    ).toThrow(b)
    return tenantContext()?.tenantId as string | undefined
  })
  expect(seen).toBe(a)
})

test('a thousand concurrent tenants each keep their context through timers, microtasks and streams', async () => {
  const tenants = Array.from({ length: 1000 }, newTenant)
  const seen = await Promise.all(
    tenants.map((tenant, n) =>
      withTenant(tenant, async () => {
        if (n % 3 === 0) await delay(n % 7)
        if (n % 3 === 1) await new Promise(setImmediate)
        for await (const _ of new Blob(['x']).stream());
        return tenantContext()?.tenantId as string | undefined
      }),
    ),
  )
  expect(seen).toEqual(tenants)
})

test('the actor is passed to PostgreSQL as app.actor', async () => {
  const actor = () => db.read((tx) => tx.execute(sql`select current_setting('app.actor', true) as actor`))
  expect([...(await withTenant(newTenant(), actor, { actor: 'ada' }))]).toEqual([{ actor: 'ada' }])
})

test.each(['', 'a\nb', 'a\0b', 'x'.repeat(256), '\ud800'])('an invalid actor is rejected: %j', (actor) => {
  expect(() => withTenant(newTenant(), () => {}, { actor })).toThrow(TypeError)
})
