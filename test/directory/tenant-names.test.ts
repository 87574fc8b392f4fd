import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { SignJWT } from 'jose'
import postgres from 'postgres'
import { jwt } from '../../src/auth/index.ts'
import type { TenantEnv } from '../../src/context/index.ts'
import { createPool } from '../../src/database/index.ts'
import { createDirectoryEditor, TenantExists, type TenantNames } from '../../src/directory/index.ts'
import { createErrorHandler } from '../../src/errors/index.ts'
import { claim, createTenantDirectory, tenant } from '../../src/resolution/index.ts'
import { asOwner, closeAfterwards, createDatabase } from '../database.ts'

// A name that a tenant has or had goes to no other tenant, because a token may still name it.

const database = await createDatabase()
const owner = asOwner(database)
const by = { actor: 'ada', reason: 'a test' }
const log = { info: () => {}, error: () => {} }
const open = (size = 2) => {
  const editor = createDirectoryEditor({ connections: createPool({ url: database.ownerUrl, size }), log })
  closeAfterwards(editor)
  return editor
}
const tenants = open()
const newName = () => `t${crypto.randomUUID().slice(0, 13)}`
const create = (names: TenantNames = {}) => tenants.create({ slug: newName(), name: 'Acme', ...names }, by)
const outcomeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'gets it',
    (error) => (error instanceof TenantExists ? `taken ${error.field}` : (error.code ?? String(error))),
  )

const columns = { slug: 'slug', externalId: 'external_id' } as const

describe.each(['read committed', 'repeatable read', 'serializable'])('a transaction that is %s', (level) => {
  test.each(['slug', 'externalId'] as const)('gets no former %s that it saw in use', async (kind) => {
    const name = newName()
    const [one, two] = [await create({ [kind]: name }), await create()]
    const other = postgres(database.ownerUrl, { max: 1, onnotice: () => {} })
    await other.unsafe(`begin isolation level ${level}`)
    await other`select from tenancy.tenants`
    await tenants.rename({ id: one.id }, { [kind]: newName() }, by)
    const change = other`update tenancy.tenants set ${other(columns[kind])} = ${name} where id = ${two.id}`
    expect(await outcomeOf(change)).toBe('23505')
    await other.end()
  })

  test('gets no former slug that it never saw', async () => {
    const [slug, two] = [newName(), await create()]
    const other = postgres(database.ownerUrl, { max: 1, onnotice: () => {} })
    await other.unsafe(`begin isolation level ${level}`)
    await other`select from tenancy.tenants`
    const { id } = await create({ slug })
    await tenants.rename({ id }, { slug: newName() }, by)
    const change = other`update tenancy.tenants set slug = ${slug} where id = ${two.id}`
    expect(await outcomeOf(change)).toBe(level === 'read committed' ? '23505' : '40001')
    await other.end()
  })

  test('gets no former domain', async () => {
    const domain = `${newName()}.example`
    const [one, two] = [await create({ domains: [domain] }), await create()]
    const other = postgres(database.ownerUrl, { max: 1, onnotice: () => {} })
    await other.unsafe(`begin isolation level ${level}`)
    await other`select from tenancy.tenants`
    await tenants.rename({ id: one.id }, { domains: [] }, by)
    const change = other`insert into tenancy.tenant_domains values (${domain}, ${two.id})`
    expect(await outcomeOf(change)).toBe('23505')
    await other.end()
  })
})

test('the editor of a database whose transactions are repeatable read gives a former slug to no other tenant', async () => {
  const name = new URL(database.ownerUrl).pathname.slice(1)
  await owner.unsafe(`alter database ${name} set default_transaction_isolation = 'repeatable read'`)
  const [one, two] = [open(1), open(1)]
  let slug = newName()
  const { id } = await one.create({ slug, name: 'Acme' }, by)
  await two.list({ limit: 1 })
  const outcomes = new Set<string>()
  for (const _ of Array(20)) {
    const next = newName()
    const [, outcome] = await Promise.all([
      one.rename({ id }, { slug: next }, by),
      outcomeOf(two.create({ slug, name: 'Thief' }, by)),
    ])
    outcomes.add(outcome)
    slug = next
  }
  await owner.unsafe(`alter database ${name} reset default_transaction_isolation`)
  expect([...outcomes]).toEqual(['taken slug'])
})

describe('a former domain', () => {
  test('is kept for its tenant, which may take it back', async () => {
    const domain = `${newName()}.example`
    const [one, two] = [await create({ domains: [domain] }), await create()]
    await tenants.rename({ id: one.id }, { domains: [] }, by)
    expect(await outcomeOf(tenants.rename({ id: two.id }, { domains: [domain] }, by))).toBe('taken domains')
    expect(await tenants.rename({ id: one.id }, { domains: [domain] }, by)).toMatchObject({ domains: [domain] })
  })

  test('opens no other tenant to a token that names it', async () => {
    const domain = `${newName()}.example`
    const [one, two] = [await create({ domains: [domain] }), await create()]
    const connections = createPool({ url: database.appUrl, size: 1 })
    const directory = createTenantDirectory({ connections, cacheMs: 0 })
    closeAfterwards(directory)
    const key = { secret: 'k'.repeat(32) }
    const auth = jwt({ key, issuer: 'i', audience: 'a', tenants: { claim: 'hd', yields: 'domain' } })
    const token = await new SignJWT({ hd: domain })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject('ada')
      .setIssuer('i')
      .setAudience('a')
      .setExpirationTime('1h')
      .sign(new TextEncoder().encode(key.secret))
    const app = new Hono<TenantEnv>().onError(createErrorHandler())
    app.use('*', tenant({ from: claim(), auth, directory }))
    app.get('/', (c) => c.text(c.get('tenantId')))
    const headers = { Authorization: `Bearer ${token}` }
    const ask = async () => {
      const response = await app.request('/', { headers })
      return response.status === 200 ? await response.text() : response.status
    }
    expect(await ask()).toBe(one.id)
    await tenants.rename({ id: one.id }, { domains: [] }, by)
    await outcomeOf(tenants.rename({ id: two.id }, { domains: [domain] }, by))
    expect(await ask()).toBe(403)
  })

  test('goes to another tenant when it was released, and the history says so', async () => {
    const [domain, kept] = [`${newName()}.example`, `${newName()}.example`]
    const [one, two] = [await create({ domains: [domain, kept] }), await create()]
    await tenants.rename({ id: one.id }, { domains: [kept], releaseDomains: true }, by)
    await tenants.rename({ id: one.id }, { domains: [] }, by)
    expect(await tenants.rename({ id: two.id }, { domains: [domain] }, by)).toMatchObject({ domains: [domain] })
    expect(await outcomeOf(tenants.rename({ id: two.id }, { domains: [domain, kept] }, by))).toBe('taken domains')
    const actions = (await tenants.history({ id: one.id })).map(({ action }) => action)
    expect(actions.slice(0, 2)).toEqual(['remove domain', 'release domain'])
  })
})
