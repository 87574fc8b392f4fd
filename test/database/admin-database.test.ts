import { afterEach, describe, expect, test } from 'bun:test'
import { eq, sql, TransactionRollbackError } from 'drizzle-orm'
import { pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { users } from '../../db/schema/users.ts'
import {
  type AdminDatabaseOptions,
  type AdminTx,
  createAdminDatabase,
  type LoggedQuery,
  query,
  type TenantTx,
  TransactionMisuse,
  WrongAdminLogin,
} from '../../src/database/index.ts'
import { newTenant, withTenant } from '../tenants.ts'
import { startAdminSuite } from './admin-suite.ts'
import { failureOf } from './shared-database.ts'
import { type Tampering, watchedPool } from './watched-pool.ts'

const { server, service, openAdmin, twoTenants } = await startAdminSuite()
const occasion = { reason: 'a test' }
const countNamed = async (tx: AdminTx, name: string) => await tx.$count(users, eq(users.name, name))
const countByOwner = async (name: string) => (await server.owner`select from users where name = ${name}`).length

describe('administrative work', () => {
  test('reads rows of all tenants, while the service reads those of one', async () => {
    await using opened = openAdmin()
    const { name, tenants } = await twoTenants()
    const rows = await opened.admin.read(occasion, (tx) => tx.select().from(users).where(eq(users.name, name)))
    expect(rows.map(({ tenantId }) => tenantId).sort()).toEqual(tenants.toSorted())
    const seen = withTenant(tenants[0] ?? '', () => service.read((tx) => tx.$count(users, eq(users.name, name))))
    expect(await seen).toBe(1)
  })

  test('changes rows of all tenants', async () => {
    await using opened = openAdmin()
    const { name } = await twoTenants()
    await opened.admin.write(occasion, (tx) =>
      tx
        .update(users)
        .set({ name: `${name}!` })
        .where(eq(users.name, name)),
    )
    expect(await countByOwner(`${name}!`)).toBe(2)
  })

  test('that reads cannot write', async () => {
    await using opened = openAdmin()
    const work = opened.admin.read(occasion, (tx) => tx.delete(users))
    expect(await failureOf(work)).toMatchObject({ code: '25006' })
  })

  test('has a transaction type that a repository of a tenant rejects', async () => {
    await using opened = openAdmin()
    const repository = (tx: TenantTx) => tx.$count(users)
    // @ts-expect-error an AdminTx is not a TenantTx
    await opened.admin.read(occasion, (tx) => repository(tx))
    // @ts-expect-error and a TenantTx is not an AdminTx
    const other: Parameters<typeof countNamed>[0] = undefined as unknown as TenantTx
    expect(other).toBeUndefined()
  })
})

describe('the reason of administrative work', () => {
  test('is logged with the actor before anything is sent', async () => {
    await using opened = openAdmin()
    const { admin, lines } = opened
    const seen = admin.read({ reason: 'Ticket 4711', actor: 'ada' }, async (tx) => {
      await tx.$count(users)
      return [...lines]
    })
    const line = ['info', { reason: 'Ticket 4711', actor: 'ada', mode: 'read' }, 'administrative work']
    expect<unknown>(await seen).toEqual([line])
    expect<unknown>(lines).toEqual([line])
  })

  test('prevents the work when it cannot be logged', async () => {
    const log = { info: () => { throw new Error('The disk is full') }, error() {} } // biome-ignore format: one line
    const acquire = () => {
      throw new Error('A connection was acquired')
    }
    const connections = { acquire, release() {}, close: async () => {} }
    const admin = createAdminDatabase({ connections, log })
    expect(await failureOf(admin.read(occasion, async () => {}))).toMatchObject({ message: 'The disk is full' })
  })

  test('is a setting of its transaction, and is gone afterwards', async () => {
    await using opened = openAdmin()
    const settingsOf = (tx: AdminTx) =>
      tx.execute(sql`select current_setting('app.admin_reason') as reason, current_setting('app.actor') as actor`)
    const quoted = { reason: `it's "why"`, actor: 'ada' }
    expect([...(await opened.admin.write(quoted, settingsOf))]).toEqual([{ ...quoted }])
    expect([...(await opened.admin.write(occasion, settingsOf))]).toEqual([{ reason: 'a test', actor: '' }])
    const connection = await opened.connections.acquire()
    const [row] = await query(connection, "select current_setting('app.admin_reason') as reason")
    opened.connections.release(connection)
    expect(row).toEqual({ reason: '' })
  })

  test.each(['', ' \n', 'x'.repeat(501)])('is required and limited in length: %j', async (reason) => {
    await using opened = openAdmin()
    expect(await failureOf(opened.admin.read({ reason }, async () => {}))).toBeInstanceOf(TypeError)
    expect(opened.lines).toEqual([])
  })

  test('is logged again when the work fails, with a code and without the message', async () => {
    await using opened = openAdmin()
    const failing = opened.admin.write(occasion, (tx) => tx.execute(sql`select 'secret'::int`))
    await failureOf(failing)
    const failed = { ...occasion, actor: undefined, mode: 'write', error: 'PostgresError', sqlstate: '22P02' }
    expect<unknown>(opened.lines.at(-1)).toEqual(['error', failed, 'administrative work failed'])
    expect(JSON.stringify(opened.lines)).not.toContain('secret')
  })
})

describe('administrative work is rejected', () => {
  test('inside of a tenant, before it is logged', async () => {
    await using opened = openAdmin()
    const work = withTenant(newTenant(), () => failureOf(opened.admin.read(occasion, async () => {})))
    expect(await work).toBeInstanceOf(TransactionMisuse)
    expect(opened.lines).toEqual([])
  })

  test('inside of other administrative work', async () => {
    await using opened = openAdmin()
    const { admin } = opened
    const nested = admin.read(occasion, () => failureOf(admin.read(occasion, async () => {})))
    expect(await nested).toBeInstanceOf(TransactionMisuse)
  })

  test('with the login of the service', async () => {
    await using opened = openAdmin(server.appUrl)
    const error = await failureOf(opened.admin.write(occasion, (tx) => tx.delete(users)))
    expect(error).toBeInstanceOf(WrongAdminLogin)
    expect(error).toMatchObject({ message: expect.stringContaining('logs in as app_user, the role of the service') })
  })

  test('with a login that row-level security applies to, before its first query', async () => {
    await server.owner.unsafe(`create role bound login password 'x'; grant connect on database postgres to bound`)
    await using opened = openAdmin(server.as('bound', 'x'))
    const error = await failureOf(opened.admin.read(occasion, (tx) => tx.$count(users)))
    expect(error).toBeInstanceOf(WrongAdminLogin)
    expect(error).toMatchObject({ message: expect.stringContaining('Row-level security applies to bound') })
    await server.owner.unsafe('alter role bound bypassrls')
    expect(await opened.admin.read(occasion, async (tx) => (await tx.execute(sql`select 1 as one`))[0])).toEqual({
      one: 1,
    })
  })
})

describe('the transaction of administrative work', () => {
  afterEach(async () => void (await server.owner`delete from users`))

  test('is rolled back when the work throws, and its connection serves again', async () => {
    await using opened = openAdmin()
    const { name } = await twoTenants()
    const thrown = new Error('No')
    const work = opened.admin.write(occasion, async (tx) => {
      await tx.delete(users)
      throw thrown
    })
    expect(await failureOf(work)).toBe(thrown)
    expect(await opened.admin.read(occasion, (tx) => countNamed(tx, name))).toBe(2)
  })

  test('is rolled back when a query has failed, even where that was caught', async () => {
    await using opened = openAdmin()
    const { name } = await twoTenants()
    const work = opened.admin.write(occasion, async (tx) => {
      await tx.delete(users)
      await tx.execute(sql`select 1 / 0`).catch(() => {})
    })
    expect(await failureOf(work)).toMatchObject({ code: '22012' })
    expect(await countByOwner(name)).toBe(2)
  })

  test('is rolled back when a query was not awaited', async () => {
    await using opened = openAdmin()
    const { name } = await twoTenants()
    const work = opened.admin.write(occasion, async (tx) => {
      tx.delete(users).then(
        () => {},
        () => {},
      )
      await undefined
    })
    expect(await failureOf(work)).toBeInstanceOf(TransactionMisuse)
    expect(await countByOwner(name)).toBe(2)
  })

  test('fails when COMMIT is refused', async () => {
    await using opened = openAdmin()
    await server.owner.unsafe(`
      create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no' using errcode = '23514'; end $$;
      create constraint trigger refuse after delete on users deferrable initially deferred
        for each row execute function refuse()`)
    const { name } = await twoTenants()
    const failure = await failureOf(opened.admin.write(occasion, (tx) => tx.delete(users)))
    await server.owner.unsafe('drop function refuse() cascade')
    expect(failure).toMatchObject({ code: '23514' })
    expect(await countByOwner(name)).toBe(2)
  })

  test('fails when it was ended before COMMIT', async () => {
    const tampering: Tampering = {
      async before(text, connection) {
        if (text === 'commit') await connection.command('rollback')
      },
    }
    await using opened = openAdmin(server.adminUrl, tampering)
    const { name } = await twoTenants()
    expect(await failureOf(opened.admin.write(occasion, (tx) => tx.delete(users)))).toBeInstanceOf(TransactionMisuse)
    expect(await countByOwner(name)).toBe(2)
  })

  test('revokes its handle at its end', async () => {
    await using opened = openAdmin()
    let escaped: AdminTx | undefined
    await opened.admin.read(occasion, async (tx) => {
      escaped = tx
    })
    const late = opened.admin.read(occasion, () => failureOf(escaped?.execute(sql`select 1`) ?? Promise.resolve()))
    expect(await late).toMatchObject({ message: expect.stringContaining('This transaction is over.') })
  })

  test('leaves nothing of its session to the next one', async () => {
    await using opened = openAdmin()
    await opened.admin.write(occasion, (tx) => tx.execute(sql`select set_config('my.plan', 'enterprise', false)`))
    const read = opened.admin.read(occasion, (tx) => tx.execute(sql`select current_setting('my.plan', true) as plan`))
    expect(await read).toMatchObject([{ plan: '' }])
    expect(await failureOf(opened.admin.write(occasion, (tx) => tx.execute(sql`listen jobs`)))).toBeInstanceOf(
      TransactionMisuse,
    )
  })

  test('fails when a statement changes its reason', async () => {
    await using opened = openAdmin()
    const work = opened.admin.write(occasion, (tx) =>
      tx.execute(sql`select set_config('app.admin_reason', 'none', true)`),
    )
    expect(await failureOf(work)).toBeInstanceOf(TransactionMisuse)
  })

  test('rejects statements that would end it', async () => {
    await using opened = openAdmin()
    const work = opened.admin.write(occasion, (tx) => tx.execute(sql`commit`))
    expect(await failureOf(work)).toBeInstanceOf(TransactionMisuse)
  })

  test('sends no query in the context of a tenant', async () => {
    await using opened = openAdmin()
    const work = opened.admin.read(occasion, (tx) => withTenant(newTenant(), async () => await tx.$count(users)))
    expect(await failureOf(work)).toBeInstanceOf(TransactionMisuse)
  })

  test('rejects with SERVICE_UNAVAILABLE when the database is unreachable', async () => {
    await using opened = openAdmin('postgres://app_admin:x@127.0.0.1:1/nowhere')
    expect(await failureOf(opened.admin.read(occasion, async () => {}))).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
  })
})

describe('administrative work with Drizzle', () => {
  const people = pgTable('users', { tenantId: uuid().notNull(), name: text().notNull() }) // named by casing
  const schema = { people }
  async function openWith(how: Pick<AdminDatabaseOptions<typeof schema>, 'logger' | 'casing'> = {}) {
    const log = { info: () => {}, error: () => {} }
    const admin = createAdminDatabase({ connections: watchedPool({ url: server.adminUrl }), log, schema, ...how })
    return Object.assign(admin, { ...(await twoTenants()), [Symbol.asyncDispose]: () => admin.close() })
  }

  test('has relational queries and streams over the rows of all tenants', async () => {
    await using admin = await openWith({ casing: 'snake_case' })
    const own = eq(people.name, admin.name)
    const found = await admin.read(occasion, async (tx) => {
      const streamed: string[] = []
      for await (const { tenantId } of tx.stream(tx.select().from(people).where(own), { batch: 1 }))
        streamed.push(tenantId)
      return [(await tx.query.people.findMany({ where: own })).map(({ tenantId }) => tenantId), streamed]
    })
    for (const tenants of found) expect(tenants.toSorted()).toEqual(admin.tenants.toSorted())
  })

  test('takes back a savepoint, or all of it', async () => {
    await using admin = await openWith()
    const { name } = admin
    const remove = (tx: AdminTx) => tx.delete(users).where(eq(users.name, name)).execute()
    await admin.write(occasion, async (tx) => {
      const work = async (inner: AdminTx) => [await remove(inner), inner.rollback()]
      expect(await failureOf(tx.transaction(work))).toBeInstanceOf(TransactionRollbackError)
      await tx.transaction(() => failureOf(remove(tx)).then((error) => expect(error).toBeInstanceOf(TransactionMisuse)))
    })
    const all = admin.write(occasion, async (tx) => [await remove(tx), tx.rollback()])
    expect(await failureOf(all)).toBeInstanceOf(TransactionRollbackError)
    expect(await countByOwner(name)).toBe(2)
  })

  test('reports its queries to the logger without their values', async () => {
    const logged: LoggedQuery[] = []
    await using admin = await openWith({ logger: (query) => logged.push(query) })
    await admin.read(occasion, (tx) => tx.$count(users, eq(users.name, admin.name)))
    expect(logged).toMatchObject([{ rows: 1, route: 'primary', isWhole: false }])
    expect(JSON.stringify(logged)).not.toContain(admin.name)
  })
})
