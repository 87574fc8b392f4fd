import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import postgres from 'postgres'
import { type TenantIdType, withTenant } from '../../src/context/index.ts'
import { tenantIdsOf } from '../../src/context/internal.ts'
import { createTenantSigner, prepared, type TenantSigner } from '../../src/database/index.ts'
import { findDatabaseError } from '../../src/errors/index.ts'
import { createIsolationCheck } from '../../src/isolation/index.ts'
import { asOwner, closeAfterwards } from '../database.ts'
import { probe } from '../testing/isolation.ts'
import { migrateTo, openAs, openDatabaseOf } from './open-database.ts'

const secret = 'the secret of this test, which has 40 ch'

const stateOf = (error: unknown) => findDatabaseError(error)?.sqlstate

function asApp(url: string): postgres.Sql {
  const app = postgres(url, { max: 1, onnotice: () => {} })
  closeAfterwards({ close: () => app.end() })
  return app
}

async function errorsOf(url: string, signer: TenantSigner | 'none') {
  const isolation = createIsolationCheck({ url, signer })
  const findings = await isolation.inspect()
  await isolation.close()
  return findings.filter(({ check }) => check !== 'server-release')
}

const columnTypes = { uuid: 'uuid', text: 'text collate "C"', bigint: 'bigint' }

/** Ids that a careless comparison could take for one tenant, the longest and the shortest ones. */
const alike: Record<TenantIdType, string[]> = {
  uuid: ['550e8400-e29b-41d4-a716-446655440000', '550e8400-e29b-41d4-a716-446655440001'],
  text: ['acme', 'ACME', 'Acme', 'acme.', 'acme-', 'ac', '0', '01', 'constructor', 'a'.repeat(128), 'a'.repeat(127)],
  bigint: ['1', '10', '11', '9007199254740993', '9007199254740992', '9223372036854775807', '9223372036854775806'],
}

for (const type of ['uuid', 'text', 'bigint'] as const)
  describe(`ids of type ${type}`, async () => {
    const { database, db, as, addNote, notesOf, notes, folders } = await openDatabaseOf(type)
    const ids = tenantIdsOf(type)

    test('tenants with similar ids see their own rows only', async () => {
      for (const id of alike[type]) await addNote(id, `of ${id}`)
      for (const id of alike[type]) expect(await notesOf(id)).toEqual([{ tenantId: id, text: `of ${id}` }])
    })

    test('no statement reaches rows of another tenant', async () => {
      const { violations, rows } = await probe(db)
      expect(violations).toEqual([])
      expect(rows.length).toBeGreaterThan(50)
    })

    test('no row is visible with the empty setting that a transaction leaves behind', async () => {
      const id = ids.random()
      await addNote(id, 'hidden')
      const app = asApp(database.appUrl)
      const look = `select current_setting('app.current_tenant') as setting, tenancy.current_tenant_id() as tenant,
        (select count(*)::int from notes) as rows`
      const inside = await app.begin(async (tx) => {
        await tx`select set_config('app.current_tenant', ${id}, true)`
        return [...(await tx.unsafe<Record<string, unknown>[]>(look))]
      })
      expect(inside).toEqual([{ setting: id, tenant: id, rows: 1 }])
      expect([...(await app.unsafe<Record<string, unknown>[]>(look))]).toEqual([{ setting: '', tenant: null, rows: 0 }])
    })

    test('a row of the empty text, which only the owner can write, is visible to no tenant', async () => {
      if (type !== 'text') return
      await asOwner(database)`insert into notes (tenant_id, text) values ('', 'of nobody')`
      const app = asApp(database.appUrl)
      expect(await app`select text from notes`).toHaveLength(0)
      await app`select set_config('app.current_tenant', '', false)`
      expect(await app`select text from notes`).toHaveLength(0)
      expect(await app`insert into notes (tenant_id, text) values ('', 'x')`.catch(({ code }) => code)).toBe('42501')
    })

    test('the tenant column has the type of the ids, and rows carry the id as a string', async () => {
      const id = ids.random()
      await addNote(id, 'typed')
      const [row] = await as(id, () =>
        db.read((tx) => tx.select({ id: notes.tenantId, type: sql`pg_typeof(tenant_id)::text` }).from(notes)),
      )
      expect(row).toEqual({ id, type })
    })

    test('the checks at the start of a service find nothing', async () => {
      expect(await errorsOf(database.appUrl, 'none')).toEqual([])
    })

    describe('signed', async () => {
      const signedDatabase = await openDatabaseOf(type, { signingSecrets: [secret] })
      const signed = openAs(signedDatabase.database, { tenantId: type, signer: createTenantSigner(secret) })
      const add = (id: string, text: string) =>
        signedDatabase.as(id, () => signed.write((tx) => tx.insert(signedDatabase.notes).values({ text })))

      test('tenants with similar ids see their own rows only', async () => {
        const texts = (id: string) =>
          signedDatabase.as(id, () =>
            signed.read((tx) => tx.select({ text: signedDatabase.notes.text }).from(signedDatabase.notes)),
          )
        for (const id of alike[type]) await add(id, id)
        for (const id of alike[type]) expect(await texts(id)).toEqual([{ text: id }])
      })

      test('a tenant without a signature is refused', async () => {
        expect(await signedDatabase.addNote(ids.random(), 'x').catch((error) => stateOf(error))).toBe('RH001')
      })

      test('on a database that verifies no signatures, a call fails and writes no row', async () => {
        const { database: plain, as: asTenant } = await openDatabaseOf(type)
        const wrong = openAs(plain, { tenantId: type, signer: createTenantSigner(secret) })
        const read = () => wrong.read((tx) => tx.select().from(notes))
        const write = () => wrong.write((tx) => tx.insert(notes).values({ text: 'x' }))
        const failed = (call: () => Promise<unknown>) => asTenant(ids.random(), call).catch(() => 'failed')
        // Twice: the first transaction of a tenant database is checked more.
        for (const call of [read, write, read, write]) expect(await failed(call)).toBe('failed')
        expect(await asOwner(plain)`select from notes`).toHaveLength(0)
      })

      test('the checks at the start of a service accept the function that verifies', async () => {
        expect(await errorsOf(signedDatabase.database.appUrl, createTenantSigner(secret))).toEqual([])
      })
    })

    test('a table whose tenant column has another type or collation is not protected', async () => {
      const owner = asOwner(database)
      const wanted = `public.other needs the column: tenant_id ${columnTypes[type]} not null default tenancy.current_tenant_id()`
      const others = ['uuid', 'text collate "C"', 'text', 'varchar(40) collate "C"', 'bigint', 'integer'].filter(
        (column) => column !== columnTypes[type],
      )
      for (const column of others) {
        const table = `create table other (tenant_id ${column} not null, id int, primary key (tenant_id, id))`
        // One implicit transaction: nothing of it stays.
        const failed = owner.unsafe(`${table}; select tenancy.protect('other')`).catch(({ message }) => message)
        expect([column, await failed]).toEqual([column, wanted])
      }
    })

    test.each([
      ['is IMMUTABLE', '$body', 'immutable', 'it is IMMUTABLE'],
      ['takes the empty setting for a tenant', 'bare', 'stable', 'it does not handle the empty setting'],
      ['falls back to a tenant', 'coalesce($body, $id)', 'stable', 'its body is not the one that Rowhouse installs'],
    ])('the checks report a tenant function that %s', async (_, text, volatility, problem) => {
      const { database: broken } = await openDatabaseOf(type)
      const setting = `current_setting('app.current_tenant', true)`
      const body = text
        .replace('bare', `${setting}::${type}`)
        .replace('$body', `nullif(${setting}, '')::${type}`)
        .replace('$id', `'${ids.random()}'::${type}`)
      await asOwner(broken).unsafe(`create or replace function tenancy.current_tenant_id() returns ${type}
        language sql ${volatility} parallel safe return ${body}`)
      const found = await errorsOf(broken.appUrl, 'none')
      expect(found.map((finding) => finding.problem).join()).toContain(problem)
    })

    test('the doctor prints statements for a table without policies that protect it', async () => {
      const { database: broken } = await openDatabaseOf(type)
      const owner = asOwner(broken)
      await owner.unsafe(`drop policy tenant_isolation on notes; drop policy tenant_restrictive on notes;
        alter table notes alter column tenant_id drop default`)
      const found = await errorsOf(broken.appUrl, 'none')
      expect(found.map(({ check }) => check).sort()).toEqual([
        'policy-missing',
        'restrictive-policy-missing',
        'tenant-default',
      ])
      for (const { remedy } of found) await owner.unsafe(remedy)
      expect(await errorsOf(broken.appUrl, 'none')).toEqual([])
    })

    test('an index that begins with the tenant serves the policy', async () => {
      const plan = await as(ids.random(), () =>
        db.read(async (tx) => {
          await tx.execute(sql`select set_config('enable_seqscan', 'off', true)`)
          return await tx.execute(sql`explain (format json) select * from notes`)
        }),
      )
      expect(JSON.stringify(plan)).toMatch(/Index Cond[^"]*":\s*"?[^"]*tenant_id = /)
    })

    test('prepared reads of tenants at the same time return the rows of each', async () => {
      const own = prepared([], (tx) => tx.select({ tenantId: notes.tenantId }).from(notes))
      const tenants = Array.from({ length: 20 }, () => ids.random())
      await Promise.all(tenants.map((id) => addNote(id, 'x')))
      const read = (id: string) => as(id, () => db.read((tx) => own(tx, {})))
      expect(await Promise.all(tenants.map(read))).toEqual(tenants.map((id) => [{ tenantId: id }]))
    })

    test('the same natural key works in two tenants, and is unique in each', async () => {
      await asOwner(database)`create unique index on folders (tenant_id, name)`
      const add = (id: string) => as(id, () => db.write((tx) => tx.insert(folders).values({ name: 'same' })))
      const [a, b] = [ids.random(), ids.random()]
      await add(a)
      await add(b)
      expect(await add(a).catch(stateOf)).toBe('23505')
    })

    test('a database keeps the type of its ids', async () => {
      const other = type === 'uuid' ? 'text' : 'uuid'
      expect(await migrateTo(database, other).catch(({ message }) => message)).toContain(
        `The tenant ids of this database are of type ${type}, and those of the project of type ${other}. Nothing was changed.`,
      )
      await migrateTo(database, type)
      expect(await notesOf(ids.random())).toEqual([])
    })

    test('a tenant database of another type is refused before it reads a row', async () => {
      const other = tenantIdsOf(type === 'text' ? 'bigint' : 'text')
      const wrong = openAs(database, { tenantId: other.type })
      const read = () => wrong.read((tx) => tx.select().from(notes))
      expect(await withTenant(other.random(), read, { tenantId: other.type }).catch(({ name }) => name)).toBe(
        'OtherTenantIds',
      )
    })

    test('a context of another type is refused before any SQL', async () => {
      const other = tenantIdsOf(type === 'uuid' ? 'text' : 'uuid')
      const read = () => db.read((tx) => tx.select().from(notes))
      expect(
        await withTenant(other.random(), read, { tenantId: other.type }).catch(({ message }) => message),
      ).toContain(
        `The tenant of this context has an id of type ${other.type}, and the tenant database has ids of type ${type}`,
      )
    })
  })
