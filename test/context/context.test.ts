import { expect, test } from 'bun:test'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { tenantContext, withTenant } from '../../src/context/index.ts'
import { db, newTenant } from '../database.ts'

test('there is no tenant outside', () => {
  expect(tenantContext()).toBeUndefined()
})

test('the tenant holds for everything that the work awaits', async () => {
  const tenant = newTenant()
  const seen = await withTenant(tenant, async () => {
    await delay(1)
    return await Promise.resolve().then(() => tenantContext()?.tenantId as string | undefined)
  })
  expect(seen).toBe(tenant)
  expect(tenantContext()).toBeUndefined()
})

test('the tenant is kept in its canonical form', () => {
  const tenant = newTenant()
  expect(withTenant(tenant.toUpperCase(), () => tenantContext()?.tenantId as string | undefined)).toBe(tenant)
})

test('what is no tenant id is refused before the work runs', () => {
  const never = () => {
    throw new Error('The work ran')
  }
  expect(() => withTenant('acme', never)).toThrow(TypeError)
})

test('an inner tenant holds for the inner work alone, also when it throws', () => {
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

test('a thousand tenants at once each see their own, through timers, microtasks and streams', async () => {
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

test('work on behalf of somebody hands that to PostgreSQL', async () => {
  const actor = () => db.read((tx) => tx.execute(sql`select current_setting('app.actor', true) as actor`))
  expect([...(await withTenant(newTenant(), actor, { actor: 'ada' }))]).toEqual([{ actor: 'ada' }])
})

test.each(['', 'a\nb', 'a\0b', 'x'.repeat(256), '\ud800'])('an actor that nobody can be is refused (%j)', (actor) => {
  expect(() => withTenant(newTenant(), () => {}, { actor })).toThrow(TypeError)
})
