import { afterAll, describe, expect, test } from 'bun:test'
import { asc, eq, getTableColumns, is, SQL, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import type { PgColumn } from 'drizzle-orm/pg-core'
import pg from 'pg'
import type { TenantTx } from '../../src/database/index.ts'
import { asOwner, createDatabase, open } from '../database.ts'
import { newTenant, withTenant } from '../tenants.ts'
import { failureOf } from './shared-database.ts'
import { arraysOf, createTyped, hostileTexts, names, typed, valuesOf } from './typed-columns.ts'

const database = await createDatabase()
await asOwner(database).unsafe(createTyped)
const db = open(database, 2)
const client = new pg.Client(database.ownerUrl)
await client.connect()
afterAll(() => client.end())
/** drizzle-orm over node-postgres, as its documentation sets it up. */
const stock = drizzle(client) as unknown as TenantTx // it has the same query builders
const columns: Record<string, PgColumn> = getTableColumns(typed)

/** What is read by a column's decoder: with INSERT … RETURNING, SELECT, SELECT into objects, and of an expression. */
interface Decoded {
  returned: unknown[]
  selected: unknown[]
  nested: unknown[]
  expressions: unknown[]
}
/** What is read without a decoder, and the text that the database stores. */
interface Raw {
  executed: unknown[]
  stored: unknown[]
}
const decoded = (values: unknown[]) => ({ returned: values, selected: values, nested: values, expressions: values })

/** Drizzle reads dates that JavaScript does not have as Invalid Date, which equals nothing. */
const comparable = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(comparable)
  return value instanceof Date && Number.isNaN(value.getTime()) ? 'Invalid Date' : value
}

type Rows = Record<string, unknown>[]

interface Table {
  tx: TenantTx
  tenant: string
  name: string
  values: unknown[]
}
const columnOf = (name: string) => columns[name] as PgColumn // a name of the table's columns
const insertInto = ({ tx, tenant, name, values }: Table) =>
  tx.insert(typed).values(values.map((value, n) => ({ tenantId: tenant, n, [name]: value })))

async function decodedOf(table: Table): Promise<Decoded> {
  const { tx, tenant, name } = table
  const value = columnOf(name)
  const returned = await insertInto(table).returning({ value })
  const shape = { value, nested: { value }, expression: sql`${value}`.mapWith(value) }
  const own = eq(typed.tenantId, tenant)
  const selected = await tx.select({ value }).from(typed).where(own).orderBy(asc(typed.n))
  const mixed = await tx.select(shape).from(typed).where(own).orderBy(asc(typed.n))
  return {
    returned: returned.map((row) => comparable(row.value)),
    selected: selected.map((row) => comparable(row.value)),
    nested: mixed.map(({ nested }) => comparable(nested.value)),
    expressions: mixed.map(({ expression }) => comparable(expression)),
  }
}

async function rawOf(table: Table): Promise<Raw> {
  const { tx, tenant, name } = table
  await insertInto(table)
  const column = columnOf(name)
  const read = sql`select ${column} as value, ${column}::text as stored from ${typed} where ${eq(typed.tenantId, tenant)} order by n`
  const result = (await tx.execute(read)) as Rows | { rows: Rows } // node-postgres returns an object
  const rows = Array.isArray(result) ? result : result.rows
  return { executed: rows.map(({ value }) => value), stored: rows.map(({ stored }) => stored) }
}

const byOurs = <T>(read: (table: Table) => Promise<T>, name: string, values: unknown[]): Promise<T> => {
  const tenant = newTenant()
  return withTenant(tenant, () => db.write((tx) => read({ tx, tenant, name, values })))
}
const byStock = <T>(read: (table: Table) => Promise<T>, name: string, values: unknown[]): Promise<T> =>
  read({ tx: stock, tenant: newTenant(), name, values })

const isJson = (name: string) => /^json/.test(name)
/** Strings in JSON are read as they were written. Drizzle over node-postgres parses them a second time: '123' becomes 123. */
const asWritten = (name: string, values: unknown[], read: unknown[]) =>
  read.map((value, index) => (isJson(name) && typeof values[index] === 'string' ? values[index] : value))

const serials: [name: string, values: unknown[]][] = [
  ['bigserialNumber', [1, Number.MAX_SAFE_INTEGER]],
  ['bigserialBigint', [1n, 2n ** 63n - 1n]],
  ['serial', [1, 2147483647]],
  ['smallserial', [1, 32767]],
]
const scalars = [...names.map((name): [string, unknown[]] => [name, [...valuesOf[name], null]]), ...serials]

describe('a value', () => {
  test.each(scalars)('of %s is the one that node-postgres returns', async (name, values) => {
    const { selected } = await byStock(decodedOf, name, values)
    expect(await byOurs(decodedOf, name, values)).toEqual(decoded(asWritten(name, values, selected)))
  })

  test.each(scalars)('of %s is stored, and read without a column, as over node-postgres', async (name, values) => {
    expect(await byOurs(rawOf, name, values)).toEqual(await byStock(rawOf, name, values))
  })
})

/** Lists of positions in the values of a type: each alone, all of them, with NULL between, empty. */
const listsOf = (length: number): (number | null)[][] => {
  const all = Array.from({ length }, (_, index) => index)
  return [[], ...all.map((index) => [index]), all, [0, null, length - 1], [null]]
}
type Nested<T> = (T | null | Nested<T>)[]

/** An array as a parameter of its column, or as SQL where one of its values is SQL. */
function arrayOf(column: PgColumn, values: unknown[], list: Nested<number>): unknown {
  const pick = (item: number | null | Nested<number>): unknown =>
    Array.isArray(item) ? item.map(pick) : item === null ? null : values[item]
  const picked = list.map(pick)
  if (!picked.flat().some((value) => is(value, SQL))) return picked
  const elements = (items: unknown[]): SQL =>
    sql`array[${sql.join(
      items.map((item) => (Array.isArray(item) ? elements(item) : sql`${item}`)),
      sql`, `,
    )}]`
  return sql`${elements(picked)}::${sql.raw(column.getSQLType())}`
}

/** Arrays of the values of a type, by their column, with what is in them. */
function arraysFor(name: keyof typeof valuesOf): [column: string, lists: Nested<number>[]][] {
  const { length } = valuesOf[name]
  return [
    [`${name}Array`, listsOf(length)],
    [
      `${name}Nested`,
      [
        [
          [0, null],
          [length - 1, 0],
        ],
      ],
    ],
  ]
}

describe('an array', () => {
  test.each(names)('of %s has the elements that its type reads elsewhere, and NULL stays NULL', async (name) => {
    const values = valuesOf[name]
    const elements = asWritten(name, values, (await byStock(decodedOf, name, values)).selected)
    const pick = (item: number | null | Nested<number>): unknown =>
      Array.isArray(item) ? item.map(pick) : item === null ? null : elements[item]
    for (const [column, lists] of arraysFor(name)) {
      const written = lists.map((list) => arrayOf(columnOf(column), values, list))
      expect(await byOurs(decodedOf, column, written)).toEqual(decoded(lists.map(pick)))
    }
  })

  test.each(names)('of %s is stored, and read without a column, as over node-postgres', async (name) => {
    for (const [column, lists] of arraysFor(name)) {
      const written = lists.map((list) => arrayOf(columnOf(column), valuesOf[name], list))
      expect(await byOurs(rawOf, column, written)).toEqual(await byStock(rawOf, column, written))
    }
  })

  test.each(arraysOf)('of %s is read with bounds and dimensions of its own: %p', async (name, text, expected) => {
    const written = sql`${text}::${sql.raw(columnOf(name).getSQLType())}`
    expect(await byOurs(decodedOf, name, [written])).toEqual(decoded([expected]))
  })
})

describe('a parameter without a column', () => {
  const shared = { a: [1, null, 'x"y'], b: { c: true } }
  test.each<[title: string, query: SQL]>([
    ['= any($1)', sql`'a"b' = any(${sql.param(['a"b', null])})`],
    ['unnest($1::text[])', sql`(select json_agg(v) from unnest(${sql.param(hostileTexts)}::text[]) as v)`],
    [
      '$1::int[][]',
      sql`${sql.param([
        [1, null],
        [3, 4],
      ])}::int[][]`,
    ],
    ['$1::text[], empty', sql`${sql.param([])}::text[]`],
    ['$1::bytea[]', sql`${sql.param([Buffer.from([0, 255]), new Uint8Array([1])])}::bytea[]`],
    ['$1::timestamptz[]', sql`(${sql.param([new Date(0)])}::timestamptz[])[1] = 'epoch'`],
    ['$1::jsonb of an object', sql`${sql.param(shared)}::jsonb`],
    ['$1::jsonb of a string', sql`${sql.param('"123"')}::jsonb`],
    ['$1::jsonb[]', sql`${sql.param([shared, null])}::jsonb[]`],
    ['$1::timestamp of a Date', sql`${sql.param(new Date('2024-02-29T23:59:59.123Z'))}::timestamp`],
    ['$1::timestamptz of a Date BC', sql`${sql.param(new Date('-000043-03-15T00:00:00Z'))}::timestamptz`],
    ['$1::bytea of a view', sql`${sql.param(new DataView(new Uint8Array([1, 2, 3]).buffer, 1))}::bytea`],
    ['array_agg of bigint', sql`(select array_agg(v) from unnest('{1,NULL,9223372036854775807}'::bigint[]) as v)`],
    ['array_agg of boolean', sql`(select array_agg(v) from unnest('{t,f,NULL}'::boolean[]) as v)`],
    ['toPostgres()', sql`${sql.param({ toPostgres: () => [1, 2] })}::int[]`],
  ])('is sent, and its result read, as over node-postgres: %s', async (_title, query) => {
    const read = async ({ tx }: Pick<Table, 'tx'>) => [
      await tx.select({ value: sql`${query}` }).from(sql`(values (1)) as one`),
      await tx
        .execute(sql`select ${query} as value`)
        .then((rows) => [...('rows' in rows ? (rows.rows as Rows) : rows)]),
    ]
    expect(await byOurs(read, '', [])).toEqual(await byStock(read, '', []))
  })

  test('is refused before anything is sent when it has no JSON', async () => {
    const circular: Record<string, unknown> = {}
    circular.self = circular
    const read = ({ tx }: Pick<Table, 'tx'>) => failureOf(tx.execute(sql`select ${sql.param(circular)}::jsonb`))
    expect(await byOurs(read, '', []).catch((error: unknown) => error)).toBeInstanceOf(TypeError)
  })
})
