import { describe, expect, test } from 'bun:test'
import { users } from '../../db/schema/users.ts'
import { withTenant } from '../../src/context/index.ts'
import {
  type Connection,
  createTenantDatabase,
  type ProtocolViolation,
  type StatementResult,
  type TenantDatabase,
  TenantNotConfirmed,
  type TenantTx,
} from '../../src/database/index.ts'
import { asOwner, createDatabase, main, newTenant } from '../database.ts'
import { addUser, backendOf, countUsers, failureOf, openDatabase, tenantWithUser } from './shared-database.ts'
import { watchedPool } from './watched-pool.ts'

/** A door whose connections lie about the first tenant transaction that they are asked for. */
function openLyingDoor(lie: (rows: unknown[][]) => unknown[][]) {
  let lies = 0
  const answer = (text: string, given: StatementResult) =>
    text.startsWith('select set_config') && lies++ === 0 ? { ...given, rows: lie(given.rows) } : given
  return openDatabase({}, { answer })
}

const foreign = newTenant()

describe('a tenant that PostgreSQL does not confirm', () => {
  test.each([
    ['another tenant', () => [[foreign, '']]],
    ['no tenant', () => [['', '']]],
    ['null', () => [[null, null]]],
    ['no row', () => []],
    ['another request', (rows: unknown[][]) => rows.map(([tenant]) => [tenant, 'r-2'])],
  ])('fails the call, hands no row to the work and commits nothing: %s', async (_name, lie) => {
    await using door = openLyingDoor(lie)
    const tenant = newTenant()
    const handedOut: unknown[] = []
    const work = async (tx: TenantTx) => {
      handedOut.push(await addUser(tx))
    }
    expect(await withTenant(tenant, () => failureOf(door.write(work)))).toBeInstanceOf(TenantNotConfirmed)
    expect(handedOut).toEqual([])
    expect(await countUsers(tenant)).toBe(0)
  })

  test('costs the connection, and the next call gets a new one', async () => {
    const seen: Connection[] = []
    await using door = openDatabase(
      {},
      {
        before: (_text, connection) => seen.includes(connection) || seen.push(connection),
        answer: (text, given) =>
          seen.length === 1 && text.startsWith('select set_config') ? { ...given, rows: [] } : given,
      },
    )
    await withTenant(newTenant(), () => failureOf(door.read(backendOf)))
    expect(seen.map(({ fault }) => fault)).toEqual(['closed'])
    await withTenant(newTenant(), () => door.read(backendOf))
    expect(seen.map(({ fault }) => fault)).toEqual(['closed', undefined])
  })
})

describe('a connection that surprises is counted', () => {
  const watch = (tampering: Parameters<typeof watchedPool>[1]) => {
    const heard: ProtocolViolation[] = []
    const connections = watchedPool({ url: main.appUrl }, tampering)
    const door = createTenantDatabase({ connections, onProtocolViolation: (surprise) => heard.push(surprise) })
    return { door, heard, [Symbol.asyncDispose]: () => door.close() }
  }
  const call = (door: TenantDatabase) => withTenant(newTenant(), () => failureOf(door.write((tx) => addUser(tx))))

  test('when it does not confirm the tenant', async () => {
    const lie = (text: string, given: StatementResult) =>
      text.startsWith('select set_config') ? { ...given, rows: [] } : given
    await using watched = watch({ answer: lie })
    for (let n = 0; n < 2; n += 1) await call(watched.door)
    const what = 'PostgreSQL did not confirm the tenant of this transaction'
    expect(watched.heard).toEqual([
      { what, count: 1 },
      { what, count: 2 },
    ])
  })

  test.each([
    ['begin', 'begin', 'notice 25001 at begin'],
    ['commit', 'rollback', 'notice 25P01 at commit'],
  ])('when somebody else spoke on it before %s', async (before, spoken, what) => {
    await using watched = watch({
      async before(text, connection) {
        if (text === before) await connection.command(spoken)
      },
    })
    await call(watched.door)
    expect(watched.heard.map((surprise) => surprise.what)).toEqual([what])
  })

  test('but not one that all is well with', async () => {
    await using watched = watch({})
    await withTenant(newTenant(), () => watched.door.write((tx) => addUser(tx)))
    expect(watched.heard).toEqual([])
  })
})

describe('a transaction that is not what it should be', () => {
  test('fails when somebody had begun one on the connection, and costs the connection', async () => {
    let spoilt = false
    await using door = openDatabase(
      {},
      {
        async before(text, connection) {
          if (text !== 'begin' || spoilt) return
          spoilt = true
          await connection.command('begin')
        },
      },
    )
    const tenant = newTenant()
    const lost = withTenant(tenant, () => failureOf(door.write((tx) => addUser(tx))))
    expect(await lost).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    await withTenant(tenant, () => door.write((tx) => addUser(tx)))
    expect(await countUsers(tenant)).toBe(1)
  })

  test('fails when somebody had ended it before the commit', async () => {
    let spoilt = false
    await using door = openDatabase(
      {},
      {
        async before(text, connection) {
          if (text !== 'commit' || spoilt) return
          spoilt = true
          await connection.command('rollback')
        },
      },
    )
    const tenant = newTenant()
    expect(await withTenant(tenant, () => failureOf(door.write((tx) => addUser(tx))))).toMatchObject({
      message: expect.stringContaining('25P01'),
    })
    expect(await countUsers(tenant)).toBe(0)
  })
})

describe('a commit', () => {
  test('that loses its connection is unavailable, never a success', async () => {
    const database = await createDatabase()
    const sql = asOwner(database)
    await sql.unsafe(`
      create function hang_up() returns trigger language plpgsql as
        $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
      create constraint trigger hang_up after insert on users deferrable initially deferred
        for each row when (new.name = 'unlucky') execute function hang_up()`)
    await using door = openDatabase({ url: database.appUrl })
    const { tenant } = await tenantWithUser(door)
    expect(await withTenant(tenant, () => failureOf(door.write((tx) => addUser(tx, 'unlucky'))))).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    })
    expect(await withTenant(tenant, () => door.read((tx) => tx.$count(users)))).toBe(1)
  })

  test('that a deferred constraint refuses fails with that', async () => {
    const database = await createDatabase()
    const sql = asOwner(database)
    await sql.unsafe(`
      create function refuse() returns trigger language plpgsql as
        $$ begin raise exception 'no' using errcode = '23514'; end $$;
      create constraint trigger refuse after insert on users deferrable initially deferred
        for each row when (new.name = 'unlucky') execute function refuse()`)
    await using door = openDatabase({ url: database.appUrl })
    const { tenant } = await tenantWithUser(door)
    expect(await withTenant(tenant, () => failureOf(door.write((tx) => addUser(tx, 'unlucky'))))).toMatchObject({
      code: '23514',
    })
    expect(await withTenant(tenant, () => door.read((tx) => tx.$count(users)))).toBe(1)
  })
})
