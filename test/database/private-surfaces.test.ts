import { beforeAll, expect, test } from 'bun:test'
import {
  Column,
  createTableRelationsHelpers,
  extractTablesRelationalConfig,
  fillPlaceholders,
  is,
  type Query,
  relations,
  SQL,
  sql,
} from 'drizzle-orm'
import { CasingCache, toCamelCase, toSnakeCase } from 'drizzle-orm/casing'
import {
  getTableConfig,
  IndexedColumn,
  integer,
  PgArray,
  PgDatabase,
  PgDialect,
  PgEnumColumn,
  PgPreparedQuery,
  PgSession,
  pgEnum,
  pgTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import * as utils from 'drizzle-orm/utils'
import pg from 'pg'
import { serialize } from 'pg-protocol'
import type { BackendMessage } from 'pg-protocol/dist/messages'
import { Parser } from 'pg-protocol/dist/parser.js'
import { tasks } from '../../db/schema/tasks.ts'
import { users } from '../../db/schema/users.ts'
import { main } from '../database.ts'

/**
 * What src/ uses of libraries beyond their documentation. A minor release may move it, so each use has a test here whose
 * failure names it. `does` completes the sentence "pg does …".
 */
interface Surface {
  library: 'pg' | 'pg-protocol' | 'drizzle-orm'
  does: string
  usedIn: string
  holds: () => boolean | Promise<boolean>
}

/** The failure of a surface that has moved. */
async function failureOf({ library, does, usedIn, holds }: Surface): Promise<Error | undefined> {
  const moved = (cause?: unknown) => new Error(`${library} does not ${does} any more: adapt ${usedIn}`, { cause })
  try {
    return (await holds()) ? undefined : moved()
  } catch (error) {
    return moved(error)
  }
}

/** A client that has logged in, whose socket the test reads: the messages that arrive until one has a name, by pg's parser. */
async function openSocket() {
  const client = new pg.Client(main.ownerUrl)
  await client.connect()
  client.on('error', () => {}) // at the end the socket is destroyed
  const { stream } = client.connection
  const removed = stream.listenerCount('data')
  stream.removeAllListeners('data')
  const parser = new Parser()
  return {
    removed,
    end: () => client.end(),
    send(bytes: Buffer, last: string): Promise<BackendMessage[]> {
      const messages: BackendMessage[] = []
      stream.write(bytes)
      return new Promise((resolve) => {
        const read = (chunk: Buffer) => {
          parser.parse(chunk, (message) => messages.push(message))
          if (messages.at(-1)?.name !== last) return
          stream.off('data', read)
          resolve(messages)
        }
        stream.on('data', read)
      })
    },
    [Symbol.asyncDispose]: async () => void stream.destroy(),
  }
}

const extended = (statement: string, values: (string | Buffer | null)[] = []): Buffer =>
  Buffer.concat([
    serialize.parse({ name: 'surface', text: statement }),
    serialize.bind({ statement: 'surface', values }),
    serialize.describe({ type: 'P' }),
    serialize.execute(),
    serialize.close({ type: 'S', name: 'surface' }),
    serialize.sync(),
  ])

const parserIn = (oid: number): unknown => pg.types.getTypeParser(oid, 'text')
const pgConnection = 'src/database/pg-connection.ts'
const reader = 'src/database/message-reader.ts'
const batch = 'src/database/batch.ts'

const ofPg: Surface[] = [
  {
    library: 'pg',
    does: 'leave the socket client.connection.stream to other readers and writers after the login',
    usedIn: pgConnection,
    holds: async () => {
      await using socket = await openSocket()
      const messages = await socket.send(extended('select $1::int as one', ['1']), 'readyForQuery')
      return socket.removed > 0 && messages.some(({ name }) => name === 'dataRow')
    },
  },
  {
    library: 'pg',
    does: 'end a client whose socket others read',
    usedIn: pgConnection,
    holds: async () => {
      await using socket = await openSocket()
      await socket.end()
      return true
    },
  },
  {
    library: 'pg-protocol',
    does: 'export Parser from dist/parser.js, which reads errors as the DatabaseError of pg, with their routine',
    usedIn: reader,
    holds: async () => {
      await using socket = await openSocket()
      const error = (await socket.send(extended('select nothing'), 'readyForQuery')).find(
        ({ name }) => name === 'error',
      )
      return error instanceof pg.DatabaseError && error.code === '42703' && typeof error.routine === 'string'
    },
  },
  {
    library: 'pg-protocol',
    does: 'read descriptions of rows with the name and dataTypeID of each column, and notices with their code',
    usedIn: pgConnection,
    holds: async () => {
      await using socket = await openSocket()
      const described = await socket.send(extended('select $1::int as one', ['1']), 'readyForQuery')
      const noticed = await socket.send(serialize.query('commit'), 'readyForQuery')
      return (
        described.some((message) =>
          Bun.deepMatch({ name: 'rowDescription', fields: [{ name: 'one', dataTypeID: 23 }] }, message),
        ) && noticed.some((message) => Bun.deepMatch({ name: 'notice', code: '25P01' }, message))
      )
    },
  },
  {
    library: 'pg-protocol',
    does: 'read a request for COPY data as copyInResponse',
    usedIn: pgConnection,
    holds: async () => {
      await using socket = await openSocket()
      const copy = serialize.query('create temporary table copied (id int); copy copied from stdin')
      return (await socket.send(copy, 'copyInResponse')).length > 0
    },
  },
  {
    library: 'pg',
    does: 'log in with the parameters that client.getStartupConf() returns',
    usedIn: pgConnection,
    holds: async () => {
      const other = new pg.Client(main.ownerUrl) as pg.Client & { getStartupConf(): object } // undeclared
      const startup = other.getStartupConf()
      other.getStartupConf = () => ({ ...startup, search_path: 'surface' })
      await other.connect()
      const { rows } = await other.query('show search_path')
      await other.end()
      return Bun.deepEquals(rows, [{ search_path: 'surface' }])
    },
  },
  {
    library: 'pg',
    does: 'encode parameters with utils.prepareValue',
    usedIn: 'src/database/values.ts',
    holds: () => {
      const { utils } = pg as unknown as { utils: { prepareValue(value: unknown): unknown } } // undeclared
      return utils.prepareValue(['a"b', null, 1]) === '{"a\\"b",NULL,"1"}' && utils.prepareValue({ a: 1 }) === '{"a":1}'
    },
  },
  {
    library: 'pg',
    does: 'return one and the same parser for every type that it leaves as text',
    usedIn: 'src/database/values.ts',
    holds: () => [25, 1043, 2950].every((oid) => parserIn(oid) === parserIn(0)),
  },
  ...(['parse', 'bind', 'describe', 'execute', 'close', 'sync', 'query'] as const).map(
    (name): Surface => ({
      library: 'pg-protocol',
      does: `export serialize.${name}`,
      usedIn: batch,
      holds: () => typeof serialize[name] === 'function',
    }),
  ),
]

type Fields = { path: string[]; field: unknown }[] | undefined
class RecordedQuery extends PgPreparedQuery<{ execute: unknown; all: unknown; values: unknown }> {
  joinsNotNullableMap: unknown

  override async execute() {
    return [{ count: '7' }]
  }

  built(): Query {
    return this.query
  }
}
class RecordedSession extends PgSession {
  readonly prepared: { fields: Fields; query: RecordedQuery }[] = []

  override prepareQuery(query: Query, fields: Fields): RecordedQuery {
    const recorded = new RecordedQuery(query, undefined, undefined)
    this.prepared.push({ fields, query: recorded })
    return recorded
  }

  override transaction(): never {
    throw new TypeError('Not used here')
  }
}
const dialect = new PgDialect()
const session = new RecordedSession(dialect)
const db = new PgDatabase(dialect, session, undefined)
const last = () => session.prepared.at(-1)
function thrownBy(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    return error
  }
}

const mood = pgEnum('mood', ['good', 'bad'])
const drawn = pgTable(
  'drawn',
  {
    id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
    code: text('code').unique('drawn_code_key', { nulls: 'not distinct' }),
    moods: mood('moods').array(),
  },
  (t) => [uniqueIndex('drawn_lower').on(t.id, sql`lower(${t.code})`).where(sql`${t.code} <> ${'x'}`)],
)
const config = getTableConfig(drawn)
const columnNamed = (name: string) => config.columns.find((column) => column.name === name)

const sessionFile = 'src/database/session.ts'
const expectedTables = 'src/cli/schema/expected-tables.ts'
const schemaFindings = 'src/cli/schema/schema-findings.ts'

const ofDrizzle: Surface[] = [
  {
    library: 'drizzle-orm',
    does: 'keep the columns that keys and indexes get under the symbol drizzle:ExtraConfigColumns',
    usedIn: 'src/cli/schema/column-names.ts',
    holds: () => {
      const table = pgTable('cased', { fullName: text() }, (t) => [uniqueIndex().on(t.fullName)])
      const others = table as unknown as Record<symbol, Record<string, { name: string; keyAsName: boolean }>> // internal
      const column = others[Symbol.for('drizzle:ExtraConfigColumns')]?.fullName
      const isDerived = column?.keyAsName === true
      if (column) column.name = 'full_name'
      const [part] = getTableConfig(table).indexes[0]?.config.columns ?? []
      return isDerived && is(part, IndexedColumn) && part.name === 'full_name'
    },
  },
  {
    library: 'drizzle-orm',
    does: 'export the names of casing from drizzle-orm/casing',
    usedIn: 'src/database/tenant-dialect.ts and src/cli/schema/column-names.ts',
    holds: () => {
      const { fullName } = pgTable('cased', { fullName: text() })
      const names = [
        new CasingCache('snake_case').getColumnCasing(fullName),
        toSnakeCase('fullName'),
        toCamelCase('full_name'),
      ]
      return Bun.deepEquals(names, ['full_name', 'full_name', 'fullName'])
    },
  },
  {
    library: 'drizzle-orm',
    does: 'put the field of a relation, which returns JSON, into the SQL of a relational query',
    usedIn: 'src/database/exact-dialect.ts',
    holds: () => {
      const known = {
        tasks,
        users,
        taskUsers: relations(tasks, ({ one }) => ({
          user: one(users, { fields: [tasks.userId], references: [users.id] }),
        })),
      }
      const { tables, tableNamesMap } = extractTablesRelationalConfig(known, createTableRelationsHelpers)
      const tableConfig = tables.tasks
      if (!tableConfig) return false
      const built = dialect.buildRelationalQueryWithoutPK({
        fullSchema: known,
        schema: tables,
        tableNamesMap,
        table: tasks,
        tableConfig,
        queryConfig: { columns: { id: true }, with: { user: { columns: { id: true } } } },
        tableAlias: 'tasks',
      })
      const { field, isJson, selection } = built.selection[1] ?? {}
      if (!is(field, SQL.Aliased) || !isJson || !is(built.sql, SQL) || !is(selection?.[0]?.field, Column)) return false
      field.sql.append(sql`::text`)
      return dialect.sqlToQuery(built.sql).sql.includes('"tasks_user"."data"::text as "user"')
    },
  },
  {
    library: 'drizzle-orm',
    does: 'export mapResultRow(fields, row, joinsNotNullableMap) from drizzle-orm/utils',
    usedIn: sessionFile,
    holds: () => {
      const { mapResultRow } = utils as unknown as Record<string, (...given: unknown[]) => unknown> // untyped export
      const fields = [
        { path: ['users', 'name'], field: users.name },
        { path: ['tasks', 'id'], field: tasks.id },
      ]
      const row = mapResultRow?.(fields, ['Ada', null], { users: true, tasks: false })
      return Bun.deepEquals(row, { users: { name: 'Ada' }, tasks: null })
    },
  },
  {
    library: 'drizzle-orm',
    does: 'keep the decoder of an SQL expression in its property decoder',
    usedIn: 'src/database/decoders.ts',
    holds: () => {
      const { decoder } = sql`1`.mapWith(Number) as unknown as { decoder: typeof users.name } // untyped property
      return decoder.mapFromDriverValue('7') === (7 as unknown)
    },
  },
  {
    library: 'drizzle-orm',
    does: 'call session.prepareQuery with the SQL and with fields of path and field',
    usedIn: sessionFile,
    holds: () => {
      db.select({ id: users.id, one: sql`1` }).from(users).prepare('surface')
      const fields = last()?.fields ?? []
      const kinds = fields.map(({ path, field }) => [path, is(field, Column), is(field, SQL)])
      return Bun.deepEquals(kinds, [
        [['id'], true, false],
        [['one'], false, true],
      ])
    },
  },
  {
    library: 'drizzle-orm',
    does: 'throw an Error with the message "No values to set" for an update of nothing',
    usedIn: 'src/errors/handlers.ts',
    holds: () =>
      Bun.deepEquals(
        thrownBy(() => db.update(users).set({})),
        new Error('No values to set'),
      ),
  },
  {
    library: 'drizzle-orm',
    does: 'call dialect.buildUpdateSet for an update and for an upsert',
    usedIn: 'src/database/tenant-dialect.ts',
    holds: () => {
      class Refusing extends PgDialect {
        override buildUpdateSet(): never {
          throw new RangeError('called')
        }
      }
      const refusing = new PgDatabase(new Refusing(), session, undefined)
      const upsert = () => refusing.insert(users).values({ email: 'a', name: 'A' })
      const set = { name: 'B' }
      const calls = [
        () => refusing.update(users).set(set).toSQL(),
        () => upsert().onConflictDoUpdate({ target: users.id, set }),
      ]
      return calls.every((call) => thrownBy(call) instanceof RangeError)
    },
  },
  {
    library: 'drizzle-orm',
    does: 'set joinsNotNullableMap on the query that session.prepareQuery returns',
    usedIn: sessionFile,
    holds: () => {
      db.select().from(users).leftJoin(tasks, sql`true`).prepare('surface')
      return Bun.deepEquals(last()?.query.joinsNotNullableMap, { users: true, tasks: false })
    },
  },
  {
    library: 'drizzle-orm',
    does: 'return the query of session.prepareQuery from prepare(), with placeholders that fillPlaceholders fills',
    usedIn: 'src/database/prepared.ts',
    holds: () => {
      const query: unknown = db
        .select()
        .from(users)
        .where(sql`id = ${sql.placeholder('id')}`)
        .prepare('surface')
      return (
        query === last()?.query && Bun.deepEquals(fillPlaceholders(last()?.query.built().params ?? [], { id: 1 }), [1])
      )
    },
  },
  {
    library: 'drizzle-orm',
    does: 'run tx.$count and tx.execute through session.prepareQuery without fields',
    usedIn: sessionFile,
    holds: async () => {
      const counted = await db.$count(users)
      const { fields } = last() ?? {}
      await db.execute(sql`select 'executed'`)
      return counted === 7 && fields === undefined && last()?.query.built().sql === `select 'executed'`
    },
  },
  {
    library: 'drizzle-orm',
    does: `write columns without their table and values in place in sqlToQuery(expression.inlineParams(), 'indexes')`,
    usedIn: expectedTables,
    holds: () => {
      const { where } = config.indexes[0]?.config ?? {}
      return where !== undefined && dialect.sqlToQuery(where.inlineParams(), 'indexes').sql === `"code" <> 'x'`
    },
  },
  {
    library: 'drizzle-orm',
    does: 'give an index its columns as IndexedColumn or SQL, and unique',
    usedIn: `${expectedTables}, ${schemaFindings} and src/cli/output/protected-tables-sql.ts`,
    holds: () => {
      const { columns = [], unique } = config.indexes[0]?.config ?? {}
      const [column, expression] = columns
      return unique === true && is(column, IndexedColumn) && column.name === 'id' && is(expression, SQL)
    },
  },
  {
    library: 'drizzle-orm',
    does: 'give a column primary, isUnique, uniqueType and generatedIdentity',
    usedIn: `${expectedTables} and ${schemaFindings}`,
    holds: () => {
      const [id, code] = [columnNamed('id'), columnNamed('code')]
      const isKey = id?.primary === true && id.generatedIdentity !== undefined
      return isKey && code?.isUnique === true && code.uniqueType === 'not distinct'
    },
  },
  {
    library: 'drizzle-orm',
    does: 'give an array its baseColumn, and an enum its enum.enumName and enum.schema',
    usedIn: `${expectedTables} and src/database/decoders.ts`,
    holds: () => {
      const moods = columnNamed('moods')
      if (!is(moods, PgArray) || !is(moods.baseColumn, PgEnumColumn)) return false
      const { enumName, schema } = moods.baseColumn.enum
      return enumName === 'mood' && schema === undefined
    },
  },
  {
    library: 'drizzle-orm',
    does: 'resolve a foreign key with key.reference()',
    usedIn: 'src/cli/schema/reference-findings.ts, compare-schema.ts and src/cli/output/protected-tables-sql.ts',
    holds: () => {
      const reference = getTableConfig(tasks).foreignKeys[0]?.reference()
      const names = reference?.columns.map(({ name }) => name)
      return reference?.foreignTable === users && Bun.deepEquals(names, ['tenant_id', 'user_id'])
    },
  },
]

const failures = new Map<Surface, Error | undefined>()
beforeAll(async () => {
  for (const surface of [...ofPg, ...ofDrizzle]) failures.set(surface, await failureOf(surface))
})

test.each([...ofPg, ...ofDrizzle])('$library does $does', (surface) => {
  const failure = failures.get(surface)
  if (failure) throw failure
  expect(failures.has(surface)).toBe(true)
})

test('a moved surface fails with a sentence that names it and the file to adapt', async () => {
  const stub = new pg.Client()
  const moved: Surface = {
    library: 'pg',
    does: 'emit parseComplete on client.connection',
    usedIn: pgConnection,
    holds: () => stub.connection.listenerCount('moved') > 0,
  }
  const sentence = 'pg does not emit parseComplete on client.connection any more: adapt src/database/pg-connection.ts'
  expect((await failureOf(moved))?.message).toBe(sentence)
})
