import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import {
  createPool,
  createTenantDatabase,
  createTenantSigner,
  type TenantDatabase,
  type TenantSigner,
} from '../../src/database/index.ts'
import { findDatabaseError } from '../../src/errors/index.ts'
import { createIsolationCheck } from '../../src/isolation/index.ts'
import { ourHashes } from '../../src/isolation/our-hashes.ts'
import { migrate } from '../../src/migrate/index.ts'
import { asOwner, closeAfterwards, createDatabase, type TestDatabase } from '../database.ts'
import { newTenant, project, tenantIds, tenantIdType, withTenant } from '../tenants.ts'

const secret = 'one secret of this test, 40 characters..'
const another = 'another secret of this test, 40 chars...'

function open(database: TestDatabase, signer?: TenantSigner): TenantDatabase {
  const db = createTenantDatabase({ connections: createPool({ url: database.appUrl, size: 2 }), signer, ...tenantIds })
  closeAfterwards(db)
  return db
}

const database = await createDatabase()
const signWith = (signingSecrets: string[], at = database) => migrate({ ...project, url: at.ownerUrl, signingSecrets })
await signWith([secret])
const signed = open(database, createTenantSigner(secret))

const insertUser = (db: TenantDatabase, tenant: string) =>
  withTenant(tenant, () => db.write((tx) => tx.insert(users).values({ email: 'a@b.example', name: 'Ada' })))
const countUsers = (db: TenantDatabase, tenant = newTenant()) =>
  withTenant(tenant, () => db.read((tx) => tx.$count(users)))
const stateOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error) => findDatabaseError(error)?.sqlstate,
  )

/** The findings of a service's isolation check, except for the release of the test's server. */
async function problemsOf(at: TestDatabase, signer: TenantSigner | 'none' = 'none'): Promise<string[]> {
  const isolation = createIsolationCheck({ url: at.appUrl, signer })
  const findings = await isolation.inspect()
  await isolation.close()
  return findings.filter(({ check }) => check !== 'server-release').map(({ problem }) => problem)
}

describe('a signed tenant', () => {
  test('reads and writes only its own rows', async () => {
    const tenant = newTenant()
    await insertUser(signed, tenant)
    expect(await countUsers(signed, tenant)).toBe(1)
    expect(await countUsers(signed)).toBe(0)
  })

  test('is verified once per statement instead of once per row', async () => {
    const plan = await withTenant(newTenant(), () =>
      signed.read((tx) => tx.execute(sql`explain (format json) select * from users where name > ''`)),
    )
    const text = JSON.stringify(plan)
    expect(text).toContain('InitPlan')
    expect(text.match(/current_tenant_id\(\)/g) ?? []).toHaveLength(0)
  })
})

describe('a database that accepts only signed tenants', () => {
  test('rejects an unsigned tenant', async () => {
    expect(await stateOf(countUsers(open(database)))).toBe('RH001')
  })

  test('rejects a signature of another key', async () => {
    expect(await stateOf(countUsers(open(database, createTenantSigner(another))))).toBe('RH001')
  })

  test('rejects an expired signature', async () => {
    const late = createTenantSigner(secret, () => Date.now() - 61_000)
    expect(await stateOf(countUsers(open(database, late)))).toBe('RH002')
  })

  test('denies the serving role access to its keys', async () => {
    const state = stateOf(
      withTenant(newTenant(), () => signed.read((tx) => tx.execute(sql`select * from tenancy.signing_keys`))),
    )
    expect(await state).toBe('42501')
  })

  test('still accepts only signed tenants after a migration without signing secrets', async () => {
    await migrate({ ...project, url: database.ownerUrl })
    expect(await stateOf(countUsers(open(database)))).toBe('RH001')
  })

  test('accepts the new and the old key during a key rotation, and then only the new one', async () => {
    const changing = await createDatabase()
    const [before, after] = [open(changing, createTenantSigner(secret)), open(changing, createTenantSigner(another))]
    const states = async () => [await stateOf(countUsers(before)), await stateOf(countUsers(after))]
    await signWith([another, secret], changing)
    expect(await states()).toEqual(['done', 'done'])
    await signWith([another], changing)
    expect(await states()).toEqual(['RH001', 'done'])
  })

  test('that verifies them no more writes no row of a signed tenant', async () => {
    const unsigned = await createDatabase()
    const service = open(unsigned, createTenantSigner(secret))
    await signWith([secret], unsigned)
    const tenant = newTenant()
    await insertUser(service, tenant)
    await signWith([], unsigned)
    expect(await stateOf(insertUser(service, newTenant()))).not.toBe('done')
    expect(await asOwner(unsigned)`select tenant_id as tenant from users`).toEqual([{ tenant }] as never) // postgres.js adds its own fields
  })

  test('accepts unsigned tenants again after a migration with an empty list of secrets', async () => {
    const unsigned = await createDatabase()
    await signWith([secret], unsigned)
    await signWith([], unsigned)
    expect(await countUsers(open(unsigned))).toBe(0)
    expect(await problemsOf(unsigned)).toEqual([])
  })
})

describe('the isolation check', () => {
  test('has no findings when service and database have the same key', async () => {
    expect(await problemsOf(database, createTenantSigner(secret))).toEqual([])
  })

  test('reports a service without a key', async () => {
    expect(await problemsOf(database)).toEqual(['it accepts signed tenants only, and the service has no signing key'])
  })

  test('reports a service with another key', async () => {
    expect(await problemsOf(database, createTenantSigner(another))).toEqual([
      'it does not have the key that the service signs with',
    ])
  })

  test('reports clocks that differ', async () => {
    const late = createTenantSigner(secret, () => Date.now() - 61_000)
    expect(await problemsOf(database, late)).toEqual(['by its clock the signatures of the service have expired'])
  })

  test('reports a database that verifies no signatures', async () => {
    const plain = await createDatabase()
    expect(await problemsOf(plain, createTenantSigner(secret))).toEqual([
      'it does not verify signatures, and the service signs tenants',
    ])
  })

  test('reports a changed function', async () => {
    const changed = await createDatabase()
    await signWith([secret], changed)
    const [row] = await asOwner(
      changed,
    )`select prosrc from pg_proc where oid = 'tenancy.current_tenant_id()'::regprocedure`
    const body = String(row?.prosrc).replace(
      "raise exception 'the tenant",
      "return right(signed, 36); raise exception 'the",
    )
    await asOwner(
      changed,
    ).unsafe(`create or replace function tenancy.current_tenant_id() returns ${tenantIdType} language plpgsql stable
      security definer set search_path = pg_catalog as $body$${body}$body$`)
    expect(await problemsOf(changed, createTenantSigner(secret))).toContain(
      'its body is not the one that Rowhouse installs',
    )
  })
})

test('the isolation check accepts the function that verifies signatures', async () => {
  const [row] = await asOwner(database)`
    select encode(sha256(convert_to(prosrc, 'UTF8')), 'hex') as hash from pg_proc
    where oid = 'tenancy.current_tenant_id()'::regprocedure`
  expect(ourHashes['tenancy.current_tenant_id()']?.[0]).toBe(String(row?.hash))
})
