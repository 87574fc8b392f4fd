import { afterAll, afterEach, describe, expect, test } from 'bun:test'
import { eq, sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import { withTenant } from '../../src/context/index.ts'
import {
  type AdminTx,
  createAdminDatabase,
  createPool,
  createTenantDatabase,
  query,
  type TenantTx,
  TransactionMisuse,
  WrongAdminLogin,
} from '../../src/database/index.ts'
import { newTenant } from '../database.ts'
import { startAdminServer } from './admin-server.ts'
import { failureOf } from './shared-database.ts'
import { type Tampering, watchedPool } from './watched-pool.ts'

const server = await startAdminServer()
const service = createTenantDatabase({ connections: createPool({ url: server.appUrl, size: 2 }) })
afterAll(() => service.close())

/** An admin door, and what it has logged. */
function openAdmin(url = server.adminUrl, tampering: Tampering = {}) {
  const connections = watchedPool({ url }, tampering)
  const lines: [level: string, fields: object, message: string][] = []
  const log = {
    info: (fields: object, message: string) => void lines.push(['info', fields, message]),
    error: (fields: object, message: string) => void lines.push(['error', fields, message]),
  }
  const admin = createAdminDatabase({ connections, log })
  return { admin, lines, connections, [Symbol.asyncDispose]: () => admin.close() }
}

const addUser = (name: string) => (tx: TenantTx) => tx.insert(users).values({ email: `${name}@x.example`, name })
const nobody = { reason: 'a test' }

/** Two tenants with a user of this name each. */
async function twoTenants(name = crypto.randomUUID()) {
  const tenants = [newTenant(), newTenant()]
  for (const tenant of tenants) await withTenant(tenant, () => service.write(addUser(name)))
  return { name, tenants }
}

const countNamed = async (tx: AdminTx, name: string) => await tx.$count(users, eq(users.name, name))
const countByOwner = async (name: string) => (await server.owner`select from users where name = ${name}`).length

describe('administrative work', () => {
  test('sees rows of all tenants, where the service sees those of one', async () => {
    await using opened = openAdmin()
    const { name, tenants } = await twoTenants()
    const rows = await opened.admin.read(nobody, (tx) => tx.select().from(users).where(eq(users.name, name)))
    expect(rows.map(({ tenantId }) => tenantId).sort()).toEqual(tenants.toSorted())
    const seen = withTenant(tenants[0] ?? '', () => service.read((tx) => tx.$count(users, eq(users.name, name))))
    expect(await seen).toBe(1)
  })

  test('changes rows of all tenants', async () => {
    await using opened = openAdmin()
    const { name } = await twoTenants()
    await opened.admin.write(nobody, (tx) =>
      tx
        .update(users)
        .set({ name: `${name}!` })
        .where(eq(users.name, name)),
    )
    expect(await countByOwner(`${name}!`)).toBe(2)
  })

  test('that reads may not write', async () => {
    await using opened = openAdmin()
    const work = opened.admin.read(nobody, (tx) => tx.delete(users))
    expect(await failureOf(work)).toMatchObject({ code: '25006' })
  })

  test('has no transaction for a repository of tenants', async () => {
    await using opened = openAdmin()
    const repository = (tx: TenantTx) => tx.$count(users)
    // @ts-expect-error an AdminTx is no TenantTx
    await opened.admin.read(nobody, (tx) => repository(tx))
    // @ts-expect-error and a TenantTx is no AdminTx
    const other: Parameters<typeof countNamed>[0] = undefined as unknown as TenantTx
    expect(other).toBeUndefined()
  })
})

describe('its reason', () => {
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

  test('that cannot be logged lets nothing be sent', async () => {
    const log = { info: () => { throw new Error('The disk is full') }, error() {} } // biome-ignore format: one line
    const acquire = () => {
      throw new Error('A connection was asked for')
    }
    const connections = { acquire, release() {}, close: async () => {} }
    const admin = createAdminDatabase({ connections, log })
    expect(await failureOf(admin.read(nobody, async () => {}))).toMatchObject({ message: 'The disk is full' })
  })

  test('stands in the settings of its transaction, and nowhere after it', async () => {
    await using opened = openAdmin()
    const ask = (tx: AdminTx) =>
      tx.execute(sql`select current_setting('app.admin_reason') as reason, current_setting('app.actor') as actor`)
    const occasion = { reason: `it's "why"`, actor: 'ada' }
    expect([...(await opened.admin.write(occasion, ask))]).toEqual([{ ...occasion }])
    expect([...(await opened.admin.write(nobody, ask))]).toEqual([{ reason: 'a test', actor: '' }])
    const connection = await opened.connections.acquire()
    const [row] = await query(connection, "select current_setting('app.admin_reason') as reason")
    opened.connections.release(connection)
    expect(row).toEqual({ reason: '' })
  })

  test.each(['', ' \n', 'x'.repeat(501)])('is required, and short enough', async (reason) => {
    await using opened = openAdmin()
    expect(await failureOf(opened.admin.read({ reason }, async () => {}))).toBeInstanceOf(TypeError)
    expect(opened.lines).toEqual([])
  })

  test('is logged once more when the work has failed, with a code and without the message', async () => {
    await using opened = openAdmin()
    const failing = opened.admin.write(nobody, (tx) => tx.execute(sql`select 'secret'::int`))
    await failureOf(failing)
    const failed = { ...nobody, actor: undefined, mode: 'write', error: 'PostgresError', sqlstate: '22P02' }
    expect<unknown>(opened.lines.at(-1)).toEqual(['error', failed, 'administrative work failed'])
    expect(JSON.stringify(opened.lines)).not.toContain('secret')
  })
})

describe('administrative work is refused', () => {
  test('inside of a tenant, unlogged and unsent', async () => {
    await using opened = openAdmin()
    const work = withTenant(newTenant(), () => failureOf(opened.admin.read(nobody, async () => {})))
    expect(await work).toBeInstanceOf(TransactionMisuse)
    expect(opened.lines).toEqual([])
  })

  test('inside of other administrative work', async () => {
    await using opened = openAdmin()
    const { admin } = opened
    const nested = admin.read(nobody, () => failureOf(admin.read(nobody, async () => {})))
    expect(await nested).toBeInstanceOf(TransactionMisuse)
  })

  test('to the login of the service', async () => {
    await using opened = openAdmin(server.appUrl)
    const error = await failureOf(opened.admin.write(nobody, (tx) => tx.delete(users)))
    expect(error).toBeInstanceOf(WrongAdminLogin)
    expect(error).toMatchObject({ message: expect.stringContaining('logs in as app_user, the role of the service') })
  })

  test('to a login that row security binds, before it sees nothing', async () => {
    await server.owner.unsafe(`drop role if exists bound; create role bound login password 'x'`)
    await using opened = openAdmin(server.as('bound', 'x'))
    const error = await failureOf(opened.admin.read(nobody, (tx) => tx.$count(users)))
    expect(error).toBeInstanceOf(WrongAdminLogin)
    expect(error).toMatchObject({ message: expect.stringContaining('Row-level security applies to bound') })
    await server.owner.unsafe('alter role bound bypassrls')
    expect(await opened.admin.read(nobody, async (tx) => (await tx.execute(sql`select 1 as one`))[0])).toEqual({
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
    const work = opened.admin.write(nobody, async (tx) => {
      await tx.delete(users)
      throw thrown
    })
    expect(await failureOf(work)).toBe(thrown)
    expect(await opened.admin.read(nobody, (tx) => countNamed(tx, name))).toBe(2)
  })

  test('is rolled back when a query has failed, even where that was caught', async () => {
    await using opened = openAdmin()
    const { name } = await twoTenants()
    const work = opened.admin.write(nobody, async (tx) => {
      await tx.delete(users)
      await tx.execute(sql`select 1 / 0`).catch(() => {})
    })
    expect(await failureOf(work)).toMatchObject({ code: '22012' })
    expect(await countByOwner(name)).toBe(2)
  })

  test('is rolled back when a query was not awaited', async () => {
    await using opened = openAdmin()
    const { name } = await twoTenants()
    const work = opened.admin.write(nobody, async (tx) => {
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
    const failure = await failureOf(opened.admin.write(nobody, (tx) => tx.delete(users)))
    await server.owner.unsafe('drop function refuse() cascade')
    expect(failure).toMatchObject({ code: '23514' })
    expect(await countByOwner(name)).toBe(2)
  })

  test('fails when somebody had ended it before COMMIT', async () => {
    const tampering: Tampering = {
      async before(text, connection) {
        if (text === 'commit') await connection.command('rollback')
      },
    }
    await using opened = openAdmin(server.adminUrl, tampering)
    const { name } = await twoTenants()
    expect(await failureOf(opened.admin.write(nobody, (tx) => tx.delete(users)))).toBeInstanceOf(TransactionMisuse)
    expect(await countByOwner(name)).toBe(2)
  })

  test('ends for its handle too', async () => {
    await using opened = openAdmin()
    let escaped: AdminTx | undefined
    await opened.admin.read(nobody, async (tx) => {
      escaped = tx
    })
    const late = opened.admin.read(nobody, () => failureOf(escaped?.execute(sql`select 1`) ?? Promise.resolve()))
    expect(await late).toMatchObject({ message: expect.stringContaining('This transaction is over.') })
  })

  test('is not for statements that would end it', async () => {
    await using opened = openAdmin()
    const work = opened.admin.write(nobody, (tx) => tx.execute(sql`commit`))
    expect(await failureOf(work)).toBeInstanceOf(TransactionMisuse)
  })

  test('runs nothing for a tenant that is entered inside of it', async () => {
    await using opened = openAdmin()
    const work = opened.admin.read(nobody, (tx) => withTenant(newTenant(), async () => await tx.$count(users)))
    expect(await failureOf(work)).toBeInstanceOf(TransactionMisuse)
  })

  test('is unavailable where the database is', async () => {
    await using opened = openAdmin('postgres://app_admin:x@127.0.0.1:1/nowhere')
    expect(await failureOf(opened.admin.read(nobody, async () => {}))).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
  })
})
