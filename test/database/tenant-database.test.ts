import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import { runInContext } from '../../src/context/context.ts'
import { TenantRequired } from '../../src/context/index.ts'
import { createTenantDatabase, prepared, query, TransactionMisuse } from '../../src/database/index.ts'
import { ApiError, findDatabaseError } from '../../src/errors/index.ts'
import { db } from '../database.ts'
import { contextOf, newTenant, tenantIds, withTenant } from '../tenants.ts'
import { addUser, countUsers, failureOf, openDatabase, owner, tenantWithUser } from './shared-database.ts'

const settings = `select current_setting('app.current_tenant', true) as tenant,
  current_setting('app.request_id', true) as request`

// Prepared texts leave nothing behind, so nothing is checked or cleaned after them.
const insertAda = prepared([], (tx) => tx.insert(users).values({ email: 'ada@rowhouse.example', name: 'Ada' }))
const idsOfUsers = prepared([], (tx) => tx.select({ id: users.id }).from(users))

describe('a read', () => {
  test('is read only', async () => {
    const error = await withTenant(newTenant(), () => failureOf(db.read((tx) => addUser(tx))))
    expect(findDatabaseError(error)?.sqlstate).toBe('25006')
  })

  test('sees one snapshot while others commit', async () => {
    const { tenant } = await tenantWithUser(db)
    const counts = await withTenant(tenant, () =>
      db.read(async (tx) => {
        const before = await tx.$count(users)
        await owner`insert into users (tenant_id, email, name) values (${tenant}, 'late@rowhouse.example', 'Late')`
        return [before, await tx.$count(users)]
      }),
    )
    expect(counts).toEqual([1, 1])
    expect(await countUsers(tenant)).toBe(2)
  })

  test('returns the result of the work, which can be a query', async () => {
    const { tenant, userId } = await tenantWithUser(db)
    expect(await withTenant(tenant, () => db.read((tx) => tx.select({ id: users.id }).from(users)))).toEqual([
      { id: userId },
    ])
  })
})

describe('a write', () => {
  test('resolves after COMMIT', async () => {
    const { tenant } = await tenantWithUser(db)
    expect(await countUsers(tenant)).toBe(1)
  })

  test('is rolled back by any thrown value', async () => {
    const tenant = newTenant()
    for (const thrown of [new Error('no'), 'not an error', undefined]) {
      const work = db.write.bind(null, async (tx) => {
        await addUser(tx)
        throw thrown
      })
      expect(await withTenant(tenant, () => failureOf(work()))).toBe(thrown)
    }
    expect(await countUsers(tenant)).toBe(0)
  })

  test('fails with the first cause when the work caught it', async () => {
    const tenant = newTenant()
    const work = db.write.bind(null, async (tx) => {
      await addUser(tx)
      await tx.execute(sql`select 1 / 0`).catch(() => {})
      await tx.execute(sql`select 1`).catch(() => {})
    })
    const error = await withTenant(tenant, () => failureOf(work()))
    expect(findDatabaseError(error)?.sqlstate).toBe('22012')
    expect(await countUsers(tenant)).toBe(0)
  })

  test('rejects later queries with the first cause instead of "transaction is aborted"', async () => {
    const seen: unknown[] = []
    const work = db.write.bind(null, async (tx) => {
      for (const query of [sql`select 1 / 0`, sql`select 1`]) seen.push(await failureOf(tx.execute(query).execute()))
    })
    await withTenant(newTenant(), () => failureOf(work()))
    expect(seen.map((error) => findDatabaseError(error)?.sqlstate)).toEqual(['22012', '22012'])
  })

  test('fails with the error that the work throws for a failed query', async () => {
    const mapped = new ApiError('CONFLICT', 'The division failed')
    const work = db.write.bind(null, async (tx) => {
      await tx.execute(sql`select 1 / 0`).catch(() => {
        throw mapped
      })
    })
    expect(await withTenant(newTenant(), () => failureOf(work()))).toBe(mapped)
  })

  test('fails with the query’s own error, without the SQL and the parameters', async () => {
    const error = await withTenant(newTenant(), () =>
      db.write((tx) => tx.execute(sql`select 1 / 0, ${'secret'}::text`)).catch((thrown: unknown) => thrown),
    )
    expect(error).toMatchObject({ name: 'PostgresError', message: 'division by zero' })
  })

  test('fails when COMMIT is answered with ROLLBACK', async () => {
    const tenant = newTenant()
    await using database = openDatabase(
      {},
      {
        before: (text, connection) => text === 'commit' && query(connection, 'select 1 / 0').catch(() => {}),
      },
    )
    expect(await withTenant(tenant, () => failureOf(database.write((tx) => insertAda(tx, {}))))).toBeInstanceOf(
      TransactionMisuse,
    )
    expect(await countUsers(tenant)).toBe(0)
  })
})

describe('without a tenant', () => {
  const never = () => {
    throw new Error('A connection was acquired')
  }
  const closed = createTenantDatabase({
    connections: { acquire: never, release: never, close: async () => {} },
    ...tenantIds,
  })

  test.each(['read', 'write'] as const)('a %s is refused before any SQL', async (mode) => {
    expect(await failureOf(closed[mode](never))).toBeInstanceOf(TenantRequired)
  })
})

describe('the settings of a transaction', () => {
  test('are the tenant and the request id', async () => {
    const context = contextOf(newTenant())
    const tenant = context.tenantId
    const work = () => db.read((tx) => tx.execute(sql.raw(settings)))
    expect(await runInContext({ ...context, requestId: 'r-1' }, work)).toMatchObject([{ tenant, request: 'r-1' }])
    expect(await runInContext(context, work)).toMatchObject([{ tenant, request: '' }])
  })

  test.each([false, true])('leave nothing on the connection afterwards (failed: %p)', async (failed) => {
    const left: unknown[] = []
    await using database = openDatabase(
      {},
      {
        // Reads the settings just before the second transaction begins, on the same connection.
        async before(text, connection) {
          if (text === 'begin') left.push(...(await query(connection, settings)))
        },
      },
    )
    const work = () =>
      database.write(async (tx) => {
        await idsOfUsers(tx, {})
        if (failed) throw new Error('no')
      })
    await withTenant(newTenant(), () => work().catch(() => {}))
    await withTenant(newTenant(), () => work().catch(() => {}))
    expect(left).toEqual([
      { tenant: null, request: null },
      { tenant: '', request: '' },
    ])
  })
})
