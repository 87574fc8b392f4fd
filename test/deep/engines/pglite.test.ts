import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { openEmbedded } from '../../../db/embedded.ts'
import { users } from '../../../db/schema/users.ts'
import { withTenant } from '../../../src/context/index.ts'
import { createPool, createTenantDatabase, openConnection, query, type TenantTx } from '../../../src/database/index.ts'
import { findDatabaseError } from '../../../src/errors/index.ts'
import { assertRowSecurity, createIsolationCheck } from '../../../src/isolation/index.ts'
import { migrate } from '../../../src/migrate/index.ts'
import { createApp } from '../../../src/service/app.ts'
import { deps } from '../../app.ts'
import { addUser, failureOf, tenantWithUser } from '../../database/shared-database.ts'
import { nonInterference } from '../../properties/non-interference.ts'
import { operationsOf } from '../../properties/operations.ts'
import { timeoutMs, tries } from '../../properties/settings.ts'
import { newTenant } from '../../tenants.ts'

// PGlite has one session for all connections: a statement outside a transaction could run in the transaction of another connection.
const folder = await mkdtemp(join(tmpdir(), 'rowhouse-pglite-'))
const embedded = await openEmbedded(folder)
const { url } = embedded
await migrate({ url })
const db = createTenantDatabase({ connections: createPool({ url, size: 4 }), role: 'app_user' })
const isolation = createIsolationCheck({ url, role: 'app_user', allowPrivileged: true })

afterAll(async () => {
  await Promise.all([db.close(), isolation.close()])
  await embedded.close()
  await rm(folder, { recursive: true })
})

const tenantsOf = async (tx: TenantTx) =>
  (await tx.selectDistinct({ tenant: users.tenantId }).from(users)).map((row) => row.tenant)

describe('on PGlite', () => {
  test('a tenant reads the rows that it wrote, and another tenant does not', async () => {
    const { tenant } = await tenantWithUser(db)
    expect(await withTenant(tenant, () => db.read(tenantsOf))).toEqual([tenant])
    expect(await withTenant(newTenant(), () => db.read(tenantsOf))).toEqual([])
  })

  test('a transaction runs as the serving role, and the connection is the owner again afterwards', async () => {
    const during = await withTenant(newTenant(), () => db.read((tx) => tx.execute(sql`select current_user as role`)))
    expect(during).toMatchObject([{ role: 'app_user' }])
    const connection = openConnection({ url })
    expect((await query(connection, 'select current_user as role'))[0]).toEqual({ role: 'postgres' })
    await connection.close()
  })

  test('a read is READ ONLY', async () => {
    const error = await withTenant(newTenant(), () => failureOf(db.read((tx) => addUser(tx))))
    expect(findDatabaseError(error)?.sqlstate).toBe('25006')
  })

  test('a write that throws is rolled back', async () => {
    const tenant = newTenant()
    const work = async (tx: TenantTx) => {
      await addUser(tx)
      throw new Error('no')
    }
    await withTenant(tenant, () => failureOf(db.write(work)))
    expect(await withTenant(tenant, () => db.read(tenantsOf))).toEqual([])
  })

  test('a write rejects with its first error, and the engine keeps working', async () => {
    const work = async (tx: TenantTx) => {
      await tx.execute(sql`select 1 / 0`).catch(() => {})
    }
    const error = await withTenant(newTenant(), () => failureOf(db.write(work)))
    expect(findDatabaseError(error)?.sqlstate).toBe('22012')
    await tenantWithUser(db)
  })

  test('a savepoint that fails is taken back, and the transaction goes on', async () => {
    const tenant = newTenant()
    await withTenant(tenant, () =>
      db.write(async (tx) => {
        await tx
          .transaction(async (inner) => [await addUser(inner), await inner.execute(sql`select 1 / 0`)])
          .catch(() => {})
        await tx.transaction((inner) => addUser(inner))
      }),
    )
    expect(await withTenant(tenant, () => db.read((tx) => tx.$count(users)))).toBe(1)
  })

  test('a stream has every row once', async () => {
    const rows: number[] = []
    const work = async (tx: TenantTx) => {
      const numbers = tx.select({ n: sql<number>`n` }).from(sql`generate_series(1, 5) as n`)
      for await (const { n } of tx.stream(numbers, { batch: 2 })) rows.push(n)
    }
    await withTenant(newTenant(), () => db.read(work))
    expect(rows).toEqual([1, 2, 3, 4, 5])
  })

  test('the isolation check finds nothing with the serving role', async () => {
    assertRowSecurity(await isolation.inspect())
  })

  test('the isolation check reports the superuser without a serving role', async () => {
    const asSuperuser = createIsolationCheck({ url })
    expect(await asSuperuser.inspect()).toContainEqual(
      expect.objectContaining({ level: 'error', object: 'postgres', problem: 'the serving role is a superuser' }),
    )
    await asSuperuser.close()
  })

  test('concurrent transactions of two tenants stay apart, with isolation checks and errors in between', async () => {
    const [a, b] = [newTenant(), newTenant()]
    const write = async (tx: TenantTx, n: number) => {
      await addUser(tx)
      if (n % 5 === 1) throw new Error('thrown')
      if (n % 5 === 2) await tx.execute(sql`select 1 / 0`)
      return await tenantsOf(tx)
    }
    const runs = Array.from({ length: 120 }, async (_, n) => {
      if (n % 10 === 9) {
        assertRowSecurity(await isolation.inspect())
        return []
      }
      const tenant = n % 2 === 0 ? a : b
      const found = await withTenant(tenant, () =>
        n % 3 === 0 ? db.read(tenantsOf) : db.write((tx) => write(tx, n)),
      ).catch((error: unknown) => {
        if (error instanceof Error && error.message === 'thrown') return []
        if (findDatabaseError(error)?.sqlstate === '22012') return []
        throw error
      })
      return found.filter((seen) => seen !== tenant)
    })
    expect((await Promise.all(runs)).flat()).toEqual([])
    const committed = await Promise.all(
      [a, b].map((tenant) => withTenant(tenant, () => db.read((tx) => tx.$count(users)))),
    )
    const expected = [0, 1].map(
      (odd) =>
        Array.from({ length: 120 }, (_, n) => n).filter(
          (n) => n % 10 !== 9 && n % 2 === odd && n % 3 !== 0 && n % 5 !== 1 && n % 5 !== 2,
        ).length,
    )
    expect(committed).toEqual(expected)
  })

  test('a connection that is closed in its transaction does not affect the others', async () => {
    const connection = openConnection({ url })
    await connection.command('begin')
    await query(connection, `insert into users (tenant_id, email, name) values ($1, 'x', 'x')`, [newTenant()])
    await connection.close()
    const { tenant } = await tenantWithUser(db)
    expect(await withTenant(tenant, () => db.read(tenantsOf))).toEqual([tenant])
  })

  test(
    'the responses to one tenant do not depend on the rows of another, with concurrent requests too',
    async () => {
      const target = createApp({ ...deps, db: db, isolation })
      const operations = operationsOf(await (await target.request('/openapi.json')).json())
      const clear = async () => {
        const owner = openConnection({ url })
        await owner.command('truncate users, tasks')
        await owner.close()
      }
      await fc.assert(nonInterference({ target, operations, clear }, { atOnce: true }), tries(10))
    },
    timeoutMs,
  )
})
