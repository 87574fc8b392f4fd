import { describe, expect, test } from 'bun:test'
import { users } from '../../db/schema/users.ts'
import { runInContext } from '../../src/context/context.ts'
import type { TenantId } from '../../src/context/index.ts'
import { createPool, createTenantDatabase, createTenantSigner } from '../../src/database/index.ts'
import { findDatabaseError } from '../../src/errors/index.ts'
import { migrate } from '../../src/migrate/index.ts'
import { asOwner, closeAfterwards, createDatabase } from '../database.ts'
import { contextOf, newTenant, project, tenantIds, withTenant } from '../tenants.ts'

const secret = 'one secret of this test, 40 characters..'
const signer = createTenantSigner(secret)
const database = await createDatabase()
await migrate({ ...project, url: database.ownerUrl, signingSecrets: [secret] })
const db = createTenantDatabase({ connections: createPool({ url: database.appUrl, size: 2 }), signer, ...tenantIds })
closeAfterwards(db)
const app = asOwner({ ...database, ownerUrl: database.appUrl })

/** Runs a query with settings, as injected SQL may leave them, and returns the tenant or the SQLSTATE. */
async function tenantWith(settings: Record<string, string>): Promise<string> {
  try {
    return await app.begin(async (tx) => {
      for (const [name, value] of Object.entries(settings))
        await tx`select set_config(${`app.${name}`}, ${value}, true)`
      return String((await tx`select tenancy.current_tenant_id() as id`)[0]?.id)
    })
  } catch (error) {
    return findDatabaseError(error)?.sqlstate ?? String(error)
  }
}

const tenant = newTenant() as TenantId // it is canonical
const signed = signer(tenant, { actor: 'ada', requestId: 'r-1' })

describe('a signed tenant context', () => {
  test('has the form v2.key.expiry.mac.actor.request id.tenant', () => {
    expect(signed).toMatch(
      new RegExp(`^v2\\.[0-9a-f]{8}\\.[0-9]{10}\\.[0-9a-f]{64}\\.YWRh\\.ci0x\\.${RegExp.escape(tenant)}$`),
    )
    expect(signed).toEndWith(`.${tenant}`)
  })

  test('gives the tenant with the actor and the request id that were signed', async () => {
    expect(await tenantWith({ current_tenant: signed, actor: 'ada', request_id: 'r-1' })).toBe(tenant)
  })

  test.each([
    ['another actor', { actor: 'eve', request_id: 'r-1' }],
    ['no actor', { request_id: 'r-1' }],
    ['another request id', { actor: 'ada', request_id: 'r-2' }],
    ['the actor in another case', { actor: 'Ada', request_id: 'r-1' }],
  ])('loses the tenant with %s', async (_, settings) => {
    expect(await tenantWith({ current_tenant: signed, ...settings })).toBe('RH003')
  })

  test.each([
    ['the actor', (text: string) => text.replace('.YWRh.', '.ZXZl.')],
    ['the request id', (text: string) => text.replace('.ci0x.', '.ci0y.')],
    ['the tenant', (text: string) => text.replace(tenant, newTenant())],
    ['the border between two parts', (text: string) => text.replace('.YWRh.ci0x.', '.YWRhci0x..')],
    ['the expiry', (text: string) => text.replace(/^(.{12})\d/, '$19')],
    ['the version', (text: string) => text.replace('v2.', 'v1.')],
    ['the signature', (text: string) => text.replace(/(.{23}).{64}/, `$1${'0'.repeat(64)}`)],
    ['everything behind the signature', (text: string) => text.slice(0, 87)],
    ['all but the version', () => 'v2.'],
  ])('with %s changed is not signed', async (_, change) => {
    for (const actor of ['ada', 'eve'])
      expect(await tenantWith({ current_tenant: change(signed), actor, request_id: 'r-1' })).toBe('RH001')
  })

  test.each([
    'auth0|5f7c8ec7c33c6c004bbafe82',
    'ä¸­ 🎉 "quoted" \'it\' a.b.c',
    'x'.repeat(255),
    '🎉'.repeat(127),
    '>>>???~~~',
  ])('carries the actor %j, and writes rows in its name', async (actor) => {
    const id = newTenant()
    await withTenant(id, () => db.write((tx) => tx.insert(users).values({ email: 'a@b.example', name: 'Ada' })), {
      actor,
    })
    expect(await withTenant(id, () => db.read((tx) => tx.$count(users)), { actor })).toBe(1)
  })

  test('carries a request id with dots', async () => {
    const context = { ...contextOf(newTenant()), requestId: 'a.b~c_d-1', actor: 'ada' }
    expect(await runInContext(context, () => db.read((tx) => tx.$count(users)))).toBe(0)
  })

  test('of the release before still gives its tenant, until the services that sign so are gone', async () => {
    const owner = asOwner(database)
    const expiry = Math.floor(Date.now() / 1000) + 60
    const [row] = await owner`select id, k.inner_key, k.outer_key from tenancy.signing_keys k`
    const content = `${tenant}.${expiry}.${row?.id}`
    const [made] =
      await owner`select encode(sha256(${row?.outer_key}::bytea || sha256(${row?.inner_key}::bytea || convert_to(${content}, 'UTF8'))), 'hex') as mac`
    expect(await tenantWith({ current_tenant: `${content}.${made?.mac}` })).toBe(tenant)
    expect(await tenantWith({ current_tenant: `${content}.${'0'.repeat(64)}` })).toBe('RH001')
    const actor = app.begin(async (tx) => {
      await tx`select set_config('app.current_tenant', ${`${content}.${made?.mac}`}, true), set_config('app.actor', 'ceo', true)`
      return (await tx`select tenancy.current_actor() as actor`)[0]?.actor
    })
    expect(await actor).toBeNull() // that signature does not cover it
  })
})
