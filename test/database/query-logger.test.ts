import { describe, expect, test } from 'bun:test'
import { eq, sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import {
  createPool,
  createReplica,
  createTenantDatabase,
  type LoggedQuery,
  prepared,
  type TenantTx,
} from '../../src/database/index.ts'
import { main } from '../database.ts'
import { newTenant, tenantIds, withTenant } from '../tenants.ts'
import { addUser, failureOf, openDatabaseWith, tenantWithUser } from './shared-database.ts'

/** A database whose logger keeps what it receives. */
function openLogged(logger?: (query: LoggedQuery) => unknown) {
  const logged: LoggedQuery[] = []
  const keep = (query: LoggedQuery) => {
    logged.push(query)
    return logger?.(query)
  }
  return Object.assign(openDatabaseWith({ logger: keep }, { url: main.appUrl }), { logged })
}
const userById = prepared(['id'], (tx, { id }) => tx.select().from(users).where(eq(users.id, id)))

describe('the logger of a tenant database', () => {
  test('receives the text, the duration, the rows and the route of each query', async () => {
    await using database = openLogged()
    const { tenant, userId } = await tenantWithUser(database)
    database.logged.length = 0
    await withTenant(tenant, () => database.read((tx) => userById(tx, { id: userId })))
    await withTenant(tenant, () =>
      database.write(async (tx) => [await userById(tx, { id: userId }), await addUser(tx)]),
    )
    const whole = { rows: 1, route: 'primary', isWhole: true, durationMs: expect.any(Number) }
    expect(database.logged).toEqual([
      { text: expect.stringMatching(/^select .* = \$1$/), ...whole },
      { text: expect.stringMatching(/^select .* = \$1$/), ...whole, isWhole: false },
      { text: expect.stringMatching(/^insert into "users"/), ...whole, isWhole: false },
    ] as LoggedQuery[])
    expect(database.logged.every(({ durationMs }) => durationMs > 0 && durationMs < 60_000)).toBe(true)
  })

  test('never receives a value, of a failed query neither', async () => {
    await using database = openLogged()
    const secrets = [`secret-${newTenant()}`, newTenant(), `eve-${newTenant()}`] as const
    const [name, tenant, actor] = secrets
    const email = `${name}@a.example`
    const work = async (tx: TenantTx) => {
      await tx.insert(users).values({ email, name })
      await tx.transaction((inner) => inner.insert(users).values({ email, name })).catch(() => {})
      for await (const _ of tx.stream(tx.select().from(users).where(eq(users.name, name))));
      await tx.execute(sql`select raise('P0001', ${name})`)
    }
    await withTenant(tenant, () => failureOf(database.write(work)), { actor })
    expect(database.logged.map(({ failure }) => failure).filter(Boolean)).toEqual(['23505', 'P0001'])
    const text = JSON.stringify(database.logged)
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([])
  })

  test('receives the statements of a stream, and those that were refused', async () => {
    await using database = openLogged()
    const work = async (tx: TenantTx) => {
      for await (const _ of tx.stream(tx.select().from(users)));
      await tx.execute(sql`listen channel`)
    }
    await withTenant(newTenant(), () => failureOf(database.write(work)))
    const seen = database.logged.map(({ text, rows, failure }) => [text.split(' ')[0], rows, failure])
    expect(seen).toEqual([
      ['declare', 0, undefined],
      ['fetch', 0, undefined],
      ['close', 0, undefined],
      ['listen', 0, 'TransactionMisuse'],
    ])
  })

  test('changes nothing when it fails', async () => {
    const failures = [
      () => {
        throw new Error('no')
      },
      () => Promise.reject(new Error('no')),
    ]
    for (const failure of failures) {
      await using database = openLogged(failure)
      const { tenant, userId } = await tenantWithUser(database)
      const found = await withTenant(tenant, () => database.read((tx) => userById(tx, { id: userId })))
      expect(found).toMatchObject([{ id: userId }])
    }
  })

  test('sees which reads go to the replica', async () => {
    const logged: LoggedQuery[] = []
    const connections = () => createPool({ url: main.appUrl, size: 1 })
    const replica = createReplica({ connections: connections(), check: async () => {}, secret: 'x'.repeat(32) })
    await replica.check()
    const database = createTenantDatabase({
      connections: connections(),
      replica,
      logger: (query) => logged.push(query),
      ...tenantIds,
    })
    const tenant = newTenant()
    await withTenant(tenant, () => database.read((tx) => tx.$count(users)))
    await withTenant(tenant, () => database.write((tx) => addUser(tx)))
    expect(logged.map(({ route }) => route)).toEqual(['replica', 'primary'])
    await database.close()
  })
})
