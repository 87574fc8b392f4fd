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
import { newTenant } from '../../database.ts'
import { nonInterference } from '../../properties/non-interference.ts'
import { operationsOf } from '../../properties/operations.ts'
import { timeoutMs, tries } from '../../properties/settings.ts'

// Its socket server puts every connection through one session: what is not in a transaction could fall into another's.
const folder = await mkdtemp(join(tmpdir(), 'rowhouse-pglite-'))
const embedded = await openEmbedded(folder)
const { url } = embedded
await migrate({ url })
const door = createTenantDatabase({ connections: createPool({ url, size: 4 }), role: 'app_user' })
const isolation = createIsolationCheck({ url, role: 'app_user' })

afterAll(async () => {
  await Promise.all([door.close(), isolation.close()])
  await embedded.close()
  await rm(folder, { recursive: true })
})

const tenantsOf = async (tx: TenantTx) =>
  (await tx.selectDistinct({ tenant: users.tenantId }).from(users)).map((row) => row.tenant)

describe('on PGlite', () => {
  test('a tenant reads what it wrote, and nobody else does', async () => {
    const { tenant } = await tenantWithUser(door)
    expect(await withTenant(tenant, () => door.read(tenantsOf))).toEqual([tenant])
    expect(await withTenant(newTenant(), () => door.read(tenantsOf))).toEqual([])
  })

  test('a transaction takes the serving role, and gives it back', async () => {
    const inside = await withTenant(newTenant(), () => door.read((tx) => tx.execute(sql`select current_user as role`)))
    expect(inside).toMatchObject([{ role: 'app_user' }])
    const connection = openConnection({ url })
    expect((await query(connection, 'select current_user as role'))[0]).toEqual({ role: 'postgres' })
    await connection.close()
  })

  test('a read is read only', async () => {
    const error = await withTenant(newTenant(), () => failureOf(door.read((tx) => addUser(tx))))
    expect(findDatabaseError(error)?.sqlstate).toBe('25006')
  })

  test('what throws is rolled back', async () => {
    const tenant = newTenant()
    const work = async (tx: TenantTx) => {
      await addUser(tx)
      throw new Error('no')
    }
    await withTenant(tenant, () => failureOf(door.write(work)))
    expect(await withTenant(tenant, () => door.read(tenantsOf))).toEqual([])
  })

  test('the first cause is what is seen, and the engine goes on', async () => {
    const work = async (tx: TenantTx) => {
      await tx.execute(sql`select 1 / 0`).catch(() => {})
    }
    const error = await withTenant(newTenant(), () => failureOf(door.write(work)))
    expect(findDatabaseError(error)?.sqlstate).toBe('22012')
    await tenantWithUser(door)
  })

  test('the walls have no hole, and the role is bound by them', async () => {
    assertRowSecurity(await isolation.inspect())
  })

  test('the check sees the superuser that nobody bound', async () => {
    const unbound = createIsolationCheck({ url })
    expect(await unbound.inspect()).toContainEqual(
      expect.objectContaining({ level: 'error', object: 'postgres', problem: 'the serving role is a superuser' }),
    )
    await unbound.close()
  })

  test('transactions of two tenants at once never mix, while the walls are looked at and errors are thrown', async () => {
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
        n % 3 === 0 ? door.read(tenantsOf) : door.write((tx) => write(tx, n)),
      ).catch((error: unknown) => {
        if (error instanceof Error && error.message === 'thrown') return []
        if (findDatabaseError(error)?.sqlstate === '22012') return []
        throw error
      })
      return found.filter((seen) => seen !== tenant)
    })
    expect((await Promise.all(runs)).flat()).toEqual([])
    const committed = await Promise.all(
      [a, b].map((tenant) => withTenant(tenant, () => door.read((tx) => tx.$count(users)))),
    )
    const expected = [0, 1].map(
      (odd) =>
        Array.from({ length: 120 }, (_, n) => n).filter(
          (n) => n % 10 !== 9 && n % 2 === odd && n % 3 !== 0 && n % 5 !== 1 && n % 5 !== 2,
        ).length,
    )
    expect(committed).toEqual(expected)
  })

  test('a connection that is closed in its transaction leaves the others alone', async () => {
    const connection = openConnection({ url })
    await connection.command('begin')
    await query(connection, `insert into users (tenant_id, email, name) values ($1, 'x', 'x')`, [newTenant()])
    await connection.close()
    const { tenant } = await tenantWithUser(door)
    expect(await withTenant(tenant, () => door.read(tenantsOf))).toEqual([tenant])
  })

  test(
    'one tenant is answered as if the other had other rows, also when both ask at once',
    async () => {
      const target = createApp({ ...deps, db: door, isolation })
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
