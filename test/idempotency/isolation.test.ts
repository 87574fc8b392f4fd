import { describe, expect, test } from 'bun:test'
import { createPool, createTenantDatabase, createTenantSigner } from '../../src/database/index.ts'
import { migrate } from '../../src/migrate/index.ts'
import { owner } from '../database/shared-database.ts'
import { asOwner, closeAfterwards, createDatabase, main } from '../database.ts'
import { newTenant, project, tenantIds } from '../tenants.ts'
import { callerOf, newKey, newUser, serviceOn } from './caller.ts'

// What the serving role could do with injected SQL.
const app = asOwner({ ...main, ownerUrl: main.appUrl })

/** Runs a statement as a tenant and an actor, in the way that the tenant database sets them. */
const as = (tenant: string, actor: string, text: string, sql = app) =>
  sql.begin(async (tx) => {
    await tx`select set_config('app.current_tenant', ${tenant}, true), set_config('app.actor', ${actor}, true)`
    return await tx.unsafe(text)
  })
const stateOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    ({ code }: { code: string }) => code,
  )

/** A request that has its answer, and how to read it by SQL. */
async function answered(tenant = newTenant()) {
  const key = newKey()
  await callerOf(tenant).send('POST', '/users', { key, body: newUser() })
  const [row] = await owner`select fingerprint from tenancy.idempotency_keys where tenant_id = ${tenant}`
  const values = `'POST /users', '${key}', '\\x${Buffer.from(row?.fingerprint).toString('hex')}'`
  return { tenant, read: `select tenancy.read_idempotent_answer(${values}) as answer`, values }
}

describe('injected SQL of a tenant', () => {
  test.each(['select', 'insert', 'update', 'delete', 'truncate'])(
    'has no privilege to %s the stored answers',
    async (privilege) => {
      const [row] = await owner`select has_table_privilege('app_user', 'tenancy.idempotency_keys', ${privilege}) as it`
      expect(row?.it).toBe(false)
    },
  )

  test('cannot delete what has expired of other tenants', async () => {
    expect(await stateOf(as(newTenant(), 'ada', 'select tenancy.purge_idempotency_keys(1)'))).toBe('42501')
  })

  test('cannot take a task of the worker, by its function or by its row', async () => {
    for (const text of ["select tenancy.take_task('a')", 'select from tenancy.worker_tasks for update'])
      expect(await stateOf(as(newTenant(), 'ada', text))).toBe('42501')
  })

  test('reads the answer of its own tenant and actor, and of nobody else', async () => {
    const { tenant, read } = await answered()
    const readBy = async (who: string, actor: string) => (await as(who, actor, read))[0]?.answer
    expect(JSON.parse(await readBy(tenant, 'ada'))).toMatchObject({ status: 201 })
    expect(await readBy(newTenant(), 'ada')).toBeNull()
    expect(await readBy(tenant, 'grace')).toBeNull()
  })

  test('without a tenant stores nothing', async () => {
    const { values } = await answered()
    expect(await stateOf(app.unsafe(`select tenancy.store_idempotent_answer(${values}, '{}')`))).toBe('P0001')
    expect(await stateOf(app.unsafe(`select tenancy.claim_idempotency_key(${values})`))).toBe('P0001')
  })

  test('cannot replace an answer', async () => {
    const { tenant, read, values } = await answered()
    expect(await stateOf(as(tenant, 'ada', `select tenancy.store_idempotent_answer(${values}, '{}')`))).toBe('RH011')
    expect((await as(tenant, 'ada', read))[0]?.answer).not.toBe('{}')
  })

  test('cannot claim a key that another transaction of its tenant and actor has claimed', async () => {
    const { values } = await answered()
    const tenant = newTenant()
    await app.begin(async (tx) => {
      await tx`select set_config('app.current_tenant', ${tenant}, true), set_config('app.actor', 'ada', true)`
      await tx.unsafe(`select tenancy.claim_idempotency_key(${values})`)
      expect(await stateOf(as(tenant, 'ada', `select tenancy.claim_idempotency_key(${values})`))).toBe('RH011')
    })
  })

  test('that holds the claim of another tenant under the same key does not stop it', async () => {
    const { values } = await answered()
    await app.begin(async (tx) => {
      await tx`select set_config('app.current_tenant', ${newTenant()}, true), set_config('app.actor', 'ada', true)`
      await tx.unsafe(`select tenancy.claim_idempotency_key(${values})`)
      expect(await stateOf(as(newTenant(), 'ada', `select tenancy.claim_idempotency_key(${values})`))).toBeUndefined()
    })
  })
})

test('with the signed tenant context, injected SQL that names another actor gets no answer', async () => {
  const secret = 'one secret of this test, 40 characters..'
  const database = await createDatabase()
  await migrate({ ...project, url: database.ownerUrl, signingSecrets: [secret] })
  const signer = createTenantSigner(secret)
  const db = createTenantDatabase({ connections: createPool({ url: database.appUrl, size: 2 }), signer, ...tenantIds })
  closeAfterwards(db)
  const caller = callerOf(undefined, serviceOn(db))
  const request = { key: newKey(), body: newUser() }
  const { data } = await caller.send('POST', '/users', request)
  expect((await caller.send('POST', '/users', request)).data).toEqual(data)
  const signed = signer(caller.tenant as never, { actor: 'eve', requestId: '' }) // newTenant() gives a canonical id
  const read = `select tenancy.read_idempotent_answer('POST /users', '${request.key}', '\\x00')`
  const sql = asOwner({ ...database, ownerUrl: database.appUrl })
  expect(await stateOf(as(signed, 'ada', read, sql))).toBe('RH003')
})
