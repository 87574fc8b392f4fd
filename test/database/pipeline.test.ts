import { describe, expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import postgres from 'postgres'
import { users } from '../../db/schema/users.ts'
import { type Connection, openConnection, prepared, query, TransactionMisuse } from '../../src/database/index.ts'
import { findDatabaseError } from '../../src/errors/index.ts'
import { asOwner, createDatabase, main, open } from '../database.ts'
import { withTenant } from '../tenants.ts'
import { failureOf, openDatabase, tenantWithUser } from './shared-database.ts'

const statement = (text: string, ...parameters: unknown[]) => ({ text, parameters })
const lock = (key: number) => statement('select pg_advisory_lock($1)', key)

async function withConnection<T>(work: (connection: Connection) => Promise<T>, url = main.appUrl): Promise<T> {
  const connection = openConnection({ url })
  try {
    return await work(connection)
  } finally {
    await connection.close()
  }
}
/** Session-level locks survive a rollback: they show whether a statement ran. */
const lockCount = async (connection: Connection, key: number) => {
  const held = await query(connection, `select from pg_locks where locktype = 'advisory' and objid = $1`, [key])
  return held.length
}

describe('statements that are sent together', () => {
  test.each([
    [
      'BEGIN',
      [statement('begin isolation level serializable read only deferrable, no such mode'), lock(80_001)],
      '42601',
    ],
    [
      'the tenant',
      [statement('begin'), statement('select set_config($1, $2, true)', 'no such.', ''), lock(80_001)],
      '42602',
    ],
    ['a query', [statement('begin'), statement('select 1 / 0'), lock(80_001)], '22012'],
  ])('are not run behind one that fails: %s', async (_what, statements, sqlstate) => {
    await withConnection(async (connection) => {
      expect(findDatabaseError(await failureOf(connection.send(statements)))?.sqlstate).toBe(sqlstate)
      if (connection.status === 'failed') await connection.command('rollback')
      expect(await lockCount(connection, 80_001)).toBe(0)
    })
  })

  // The reason for our own batches on pg: postgres.js writes a Sync after each statement.
  test('are run behind a failed BEGIN by postgres.js', async () => {
    const sql = postgres(main.appUrl, { max: 1, fetch_types: false, onnotice: () => {} })
    const [began] = await Promise.allSettled([
      sql.unsafe('begin no such mode').execute(),
      sql.unsafe('select pg_advisory_lock(80002)').execute(),
    ])
    const held = await sql`select from pg_locks where locktype = 'advisory' and objid = 80002`
    await sql.end()
    expect([began.status, held.length]).toEqual(['rejected', 1])
  })

  test('return their results in order, each with its own rows and tag', async () => {
    const answers = await withConnection((connection) =>
      connection.send([
        statement('select $1::int as one', 1),
        statement('values (2), (3)'),
        statement('set local work_mem = 65536'),
      ]),
    )
    expect(answers).toEqual([
      { command: 'SELECT', count: 1, columns: ['one'], rows: [[1]] },
      { command: 'SELECT', count: 2, columns: ['column1'], rows: [[2], [3]] },
      { command: 'SET', count: 0, columns: [], rows: [] },
    ])
  })

  test('leave the connection with the transaction status of PostgreSQL', async () => {
    await withConnection(async (connection) => {
      const seen = [connection.status]
      for (const text of ['begin', 'select 1 / 0', 'rollback']) {
        await connection.send([statement(text)]).catch(() => {})
        seen.push(connection.status)
      }
      expect(seen).toEqual(['idle', 'transaction', 'failed', 'idle'])
    })
  })

  test('are not read as data of COPY, which destroys the connection', async () => {
    await withConnection(async (connection) => {
      const copy = statement('copy users from stdin') // as the owner: under row-level security PostgreSQL refuses COPY FROM
      expect(await failureOf(connection.send([copy, lock(80_003)]))).toBeInstanceOf(TransactionMisuse)
      expect(connection.fault).toBeDefined()
    }, main.ownerUrl)
  })

  test('do not return the data of COPY as an empty result', async () => {
    await withConnection(async (connection) => {
      const copy = statement('copy (values (1)) to stdout')
      expect(await failureOf(connection.send([copy]))).toBeInstanceOf(TransactionMisuse)
      expect(await query(connection, 'select 1 as one')).toEqual([{ one: 1 }] as never)
    })
  })
})

describe('a prepared statement', () => {
  const namesOn = async (connection: Connection) =>
    (await query(connection, 'select name from pg_prepared_statements order by name')).map(({ name }) => String(name))
  const send = (connection: Connection, text: string) => connection.send([statement(text)])

  test('has the same name on every connection: the hash of its text', async () => {
    const [one, two] = await Promise.all(
      [1, 2].map(() =>
        withConnection(async (connection) => {
          await send(connection, 'select 1')
          await send(connection, 'select 1')
          return await namesOn(connection)
        }),
      ),
    )
    expect(one).toEqual([expect.stringMatching(/^rowhouse_[0-9a-f]{40}$/)])
    expect(two).toEqual(one ?? [])
  })

  test('is closed when there are too many, the least recently used first', async () => {
    await withConnection(async (connection) => {
      const twice = async (text: string) => [await send(connection, text), await send(connection, text)]
      await twice('select 0')
      const [first = ''] = await namesOn(connection)
      for (let n = 1; n < 300; n += 1) await twice(`select ${n % 50 === 25 ? 0 : n}`)
      const names = await namesOn(connection)
      expect(names.length).toBeLessThanOrEqual(100)
      expect(names).toContain(first)
    })
  })

  test('is not created for a statement that must be parsed each time', async () => {
    await withConnection(async (connection) => {
      const unnamed = { text: 'select 1', parameters: [], unnamed: true }
      await connection.send([unnamed, statement('select 2'), unnamed])
      const results = await connection.send([statement('select 2'), unnamed])
      expect(results.map(({ rows }) => rows)).toEqual([[[2]], [[1]]])
      expect(await namesOn(connection)).toHaveLength(1)
    })
  })

  test('is not created with prepare=false in the URL', async () => {
    const url = new URL(main.appUrl)
    url.searchParams.set('prepare', 'false')
    await withConnection(async (connection) => {
      await send(connection, 'select 1')
      expect(await namesOn(connection)).toEqual([])
    }, url.href)
  })

  const userById = prepared(['id'], (tx, { id }) => tx.select().from(users).where(eq(users.id, id)))

  test('returns the current columns after the table changed', async () => {
    const database = await createDatabase()
    const db = open(database, 1)
    const { tenant, userId } = await tenantWithUser(db)
    const find = () => withTenant(tenant, () => db.read((tx) => userById(tx, { id: userId })))
    const before = await find()
    await asOwner(database)`alter table users alter column name type varchar(200)`
    expect(await find()).toEqual(before)
    expect(await find()).toEqual(before)
  })

  test('is sent again unnamed when the server lost it, as behind a pooler without named statements', async () => {
    let isLost = false
    const lose = async (text: string, connection: Connection) => {
      if (isLost && text.startsWith('begin')) await connection.command('deallocate all')
      isLost = false
    }
    await using db = openDatabase({}, { before: lose })
    const { tenant, userId } = await tenantWithUser(db)
    const find = () => withTenant(tenant, () => db.read((tx) => userById(tx, { id: userId })))
    const before = await find()
    isLost = true
    expect(await find()).toEqual(before)
  })

  test('keeps no value of the tenant that it was built for', async () => {
    await using db = openDatabase()
    const tenants = [await tenantWithUser(db), await tenantWithUser(db)]
    for (const { tenant, userId } of [...tenants, ...tenants]) {
      const found = await withTenant(tenant, () =>
        db.read((tx) => Promise.all(tenants.map((each) => userById(tx, { id: each.userId })))),
      )
      expect(found.flat().map(({ id }) => id)).toEqual([userId])
    }
  })
})

describe('a value', () => {
  test.each<[string, unknown, unknown]>([
    ['boolean', true, true],
    ['int', -7, -7],
    ['bigint', 2n ** 62n, '4611686018427387904'],
    ['numeric', '0.10', '0.10'],
    ['double precision', 1e300, 1e300],
    ['double precision', Number.NaN, Number.NaN],
    ['text', "'; drop table users; --", "'; drop table users; --"],
    ['text', '', ''],
    ['text', null, null],
    ['text', undefined, null],
    ['jsonb', '{"a": [1, null]}', { a: [1, null] }],
    ['bytea', new Uint8Array([0, 255, 92]), Buffer.from([0, 255, 92])],
    ['timestamptz(3)', new Date(0), '1970-01-01 00:00:00+00'],
    ['int[]', [1, null], [1, null]],
    ['jsonb', { a: [1, null] }, { a: [1, null] }],
  ])('of type %s is returned as the right JavaScript value: %p', async (type, given, expected) => {
    await withConnection(async (connection) => {
      await connection.command("set timezone = 'UTC'")
      const [row] = await query(connection, `select $1::${type} as value`, [given])
      expect(row?.value).toEqual(expected)
    })
  })

  test('without an encoding is rejected before it is sent', async () => {
    const circular: Record<string, unknown> = {}
    circular.self = circular
    await withConnection(async (connection) => {
      expect(await failureOf(query(connection, 'select $1::jsonb', [circular]))).toBeInstanceOf(TypeError)
      expect(await query(connection, 'select 1 as one')).toEqual([{ one: 1 }] as never)
    })
  })
})
