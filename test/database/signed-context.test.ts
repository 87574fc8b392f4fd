import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import { withTenant } from '../../src/context/index.ts'
import {
  createPool,
  createTenantDatabase,
  createTenantSigner,
  type TenantDatabase,
  type TenantSigner,
} from '../../src/database/index.ts'
import { findDatabaseError } from '../../src/errors/index.ts'
import { createIsolationCheck } from '../../src/isolation/index.ts'
import { ourFunctions } from '../../src/isolation/our-functions.ts'
import { migrate } from '../../src/migrate/index.ts'
import { asOwner, closeAfterwards, createDatabase, newTenant, type TestDatabase } from '../database.ts'

const secret = 'one secret of this test, 40 characters..'
const another = 'another secret of this test, 40 chars...'

function open(database: TestDatabase, signer?: TenantSigner): TenantDatabase {
  const door = createTenantDatabase({ connections: createPool({ url: database.appUrl, size: 2 }), signer })
  closeAfterwards(door)
  return door
}

const database = await createDatabase()
const sealWith = (signingSecrets: string[], at = database) => migrate({ url: at.ownerUrl, signingSecrets })
await sealWith([secret])
const sealed = open(database, createTenantSigner(secret))

const insertUser = (db: TenantDatabase, tenant: string) =>
  withTenant(tenant, () => db.write((tx) => tx.insert(users).values({ email: 'a@b.example', name: 'Ada' })))
const countUsers = (db: TenantDatabase, tenant = newTenant()) =>
  withTenant(tenant, () => db.read((tx) => tx.$count(users)))
const stateOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error) => findDatabaseError(error)?.sqlstate,
  )

/** What the wall check of a service finds, beside the release of the test's server. */
async function problemsOf(at: TestDatabase, signer: TenantSigner | 'none' = 'none'): Promise<string[]> {
  const isolation = createIsolationCheck({ url: at.appUrl, signer })
  const findings = await isolation.inspect()
  await isolation.close()
  return findings.filter(({ check }) => check !== 'server-release').map(({ problem }) => problem)
}

describe('a sealed tenant', () => {
  test('reads and writes its own rows, and no others', async () => {
    const tenant = newTenant()
    await insertUser(sealed, tenant)
    expect(await countUsers(sealed, tenant)).toBe(1)
    expect(await countUsers(sealed)).toBe(0)
  })

  test('is verified once a statement, not once a row', async () => {
    const plan = await withTenant(newTenant(), () =>
      sealed.read((tx) => tx.execute(sql`explain (format json) select * from users where name > ''`)),
    )
    const text = JSON.stringify(plan)
    expect(text).toContain('InitPlan')
    expect(text.match(/current_tenant_id\(\)/g) ?? []).toHaveLength(0)
  })
})

describe('a database that takes sealed tenants', () => {
  test('refuses one that is set plain', async () => {
    expect(await stateOf(countUsers(open(database)))).toBe('RH001')
  })

  test('refuses one that is sealed with another key', async () => {
    expect(await stateOf(countUsers(open(database, createTenantSigner(another))))).toBe('RH001')
  })

  test('refuses a seal that has run out', async () => {
    const late = createTenantSigner(secret, () => Date.now() - 61_000)
    expect(await stateOf(countUsers(open(database, late)))).toBe('RH002')
  })

  test('shows its keys to nobody but its owner', async () => {
    const state = stateOf(
      withTenant(newTenant(), () => sealed.read((tx) => tx.execute(sql`select * from tenancy.signing_keys`))),
    )
    expect(await state).toBe('42501')
  })

  test('stays sealed when it is migrated without a word about it', async () => {
    await migrate({ url: database.ownerUrl })
    expect(await stateOf(countUsers(open(database)))).toBe('RH001')
  })

  test('takes the new key and the old one while the key is being changed, and then the new one alone', async () => {
    const changing = await createDatabase()
    const [before, after] = [open(changing, createTenantSigner(secret)), open(changing, createTenantSigner(another))]
    const states = async () => [await stateOf(countUsers(before)), await stateOf(countUsers(after))]
    await sealWith([another, secret], changing)
    expect(await states()).toEqual(['done', 'done'])
    await sealWith([another], changing)
    expect(await states()).toEqual(['RH001', 'done'])
  })

  test('takes plain ones again when it is told to', async () => {
    const open_ = await createDatabase()
    await sealWith([secret], open_)
    await sealWith([], open_)
    expect(await countUsers(open(open_))).toBe(0)
    expect(await problemsOf(open_)).toEqual([])
  })
})

describe('the wall check', () => {
  test('finds nothing where service and database have the same key', async () => {
    expect(await problemsOf(database, createTenantSigner(secret))).toEqual([])
  })

  test('says that the service has no key', async () => {
    expect(await problemsOf(database)).toEqual(['it accepts signed tenants only, and the service has no signing key'])
  })

  test('says that the service has another key', async () => {
    expect(await problemsOf(database, createTenantSigner(another))).toEqual([
      'it does not have the key that the service signs with',
    ])
  })

  test('says that the clocks differ', async () => {
    const late = createTenantSigner(secret, () => Date.now() - 61_000)
    expect(await problemsOf(database, late)).toEqual(['by its clock the signatures of the service have expired'])
  })

  test('says that the database verifies no seals', async () => {
    const plain = await createDatabase()
    expect(await problemsOf(plain, createTenantSigner(secret))).toEqual([
      'it does not verify signatures, and the service signs tenants',
    ])
  })

  test('finds a function that somebody has changed', async () => {
    const bent = await createDatabase()
    await sealWith([secret], bent)
    const [row] = await asOwner(
      bent,
    )`select prosrc from pg_proc where oid = 'tenancy.current_tenant_id()'::regprocedure`
    const body = String(row?.prosrc).replace(
      "raise exception 'the tenant",
      "return left(sealed, 36)::uuid; raise exception 'the",
    )
    await asOwner(
      bent,
    ).unsafe(`create or replace function tenancy.current_tenant_id() returns uuid language plpgsql stable
      security definer set search_path = pg_catalog as $body$${body}$body$`)
    expect(await problemsOf(bent, createTenantSigner(secret))).toContain('its body is not the one that Rowhouse installs')
  })
})

test('the function of the seal is the one that the wall check knows', async () => {
  const [row] = await asOwner(database)`
    select encode(sha256(convert_to(prosrc, 'UTF8')), 'hex') as hash from pg_proc
    where oid = 'tenancy.current_tenant_id()'::regprocedure`
  expect(ourFunctions['tenancy.current_tenant_id()']).toBe(String(row?.hash))
})
