import { type SQL, sql } from 'drizzle-orm'
import * as pg from 'drizzle-orm/pg-core'
import { tenantColumns } from '../../src/context/index.ts'
import { tenantIds } from '../tenants.ts'

const mood = pg.pgEnum('mood', ['good', 'so so', 'NULL', 'a"b\\c', '{}', ''])
const bytea = pg.customType<{ data: Buffer }>({ dataType: () => 'bytea' })
const list = pg.customType<{ data: unknown; driverData: unknown }>({
  dataType: () => 'jsonb',
  toDriver: (value) => JSON.stringify(value),
  fromDriver: (value) => ({ decoded: value }),
})

const int8 = pg.customType<{ data: bigint; driverData: string }>({ dataType: () => 'int8', fromDriver: BigInt })
const dec = pg.customType<{ data: string }>({ dataType: () => 'dec(40, 10)' })
const timestamptz = pg.customType<{ data: string }>({ dataType: () => 'timestamptz' })

/** The types of drizzle-orm/pg-core that PostgreSQL has without an extension: not geometry, vector, halfvec, sparsevec. */
const scalars = {
  bigintNumber: () => pg.bigint({ mode: 'number' }),
  bigintBigint: () => pg.bigint({ mode: 'bigint' }),
  bit: () => pg.bit({ dimensions: 4 }),
  boolean: () => pg.boolean(),
  char: () => pg.char({ length: 5 }),
  cidr: () => pg.cidr(),
  customBytea: () => bytea(),
  customDec: () => dec(),
  customInt8: () => int8(),
  customJsonb: () => list(),
  customTimestamptz: () => timestamptz(),
  dateString: () => pg.date({ mode: 'string' }),
  dateDate: () => pg.date({ mode: 'date' }),
  doublePrecision: () => pg.doublePrecision(),
  enum: () => mood(),
  inet: () => pg.inet(),
  integer: () => pg.integer(),
  interval: () => pg.interval(),
  json: () => pg.json(),
  jsonb: () => pg.jsonb(),
  lineTuple: () => pg.line({ mode: 'tuple' }),
  lineAbc: () => pg.line({ mode: 'abc' }),
  macaddr: () => pg.macaddr(),
  macaddr8: () => pg.macaddr8(),
  numericString: () => pg.numeric({ mode: 'string' }),
  numericNumber: () => pg.numeric({ mode: 'number' }),
  numericBigint: () => pg.numeric({ mode: 'bigint' }),
  pointTuple: () => pg.point({ mode: 'tuple' }),
  pointXy: () => pg.point({ mode: 'xy' }),
  real: () => pg.real(),
  smallint: () => pg.smallint(),
  text: () => pg.text(),
  time: () => pg.time(),
  timetz: () => pg.time({ withTimezone: true }),
  timestampString: () => pg.timestamp({ mode: 'string' }),
  timestampDate: () => pg.timestamp({ mode: 'date' }),
  timestamptzString: () => pg.timestamp({ mode: 'string', withTimezone: true }),
  timestamptzDate: () => pg.timestamp({ mode: 'date', withTimezone: true }),
  uuid: () => pg.uuid(),
  varchar: () => pg.varchar(),
}
const entries = Object.entries(scalars)
type Name = keyof typeof scalars

/** One table with a column of each type, of an array of it, and of a two-dimensional array of it. */
export const typed = pg.pgTable('typed', {
  tenantId: tenantColumns(tenantIds).tenantId,
  n: pg.integer().notNull(),
  bigserialNumber: pg.bigserial({ mode: 'number' }),
  bigserialBigint: pg.bigserial({ mode: 'bigint' }),
  serial: pg.serial(),
  smallserial: pg.smallserial(),
  ...Object.fromEntries(entries.map(([name, column]) => [name, column()])),
  ...Object.fromEntries(entries.map(([name, column]) => [`${name}Array`, column().array()])),
  ...Object.fromEntries(entries.map(([name, column]) => [`${name}Nested`, column().array().array()])),
})

const { name: tableName, columns } = pg.getTableConfig(typed)
const columnsSql = columns.map(
  (column) => `"${column.name}" ${column.getSQLType().replace(/^(small|big)?serial$/, (_, size = '') => `${size}int`)}`,
)
const labels = mood.enumValues.map((label) => `'${label}'`)
/** Creates the table, protected. Its serials are integers, because each row sets one column alone. */
export const createTyped = `
  create type mood as enum (${labels.join(', ')});
  create table ${tableName} (${columnsSql.join(', ')}, primary key (tenant_id, n));
  alter table ${tableName} alter tenant_id set default tenancy.current_tenant_id();
  select tenancy.protect('${tableName}')`

/** A value in PostgreSQL's notation, for what the column's JavaScript type cannot say. */
const literal = (text: string): SQL => sql.raw(`'${text.replaceAll("'", "''")}'`)
const literals = (...texts: string[]): SQL[] => texts.map(literal)
const times = (...texts: string[]): Date[] => texts.map((text) => new Date(text))

export const hostileTexts = [
  '',
  ' ',
  'NULL',
  'null',
  "it's",
  'a"b',
  'C:\\temp\\x',
  '\\',
  '{a,b}',
  '{',
  ',',
  '\n\t',
  '日本 🦊',
  '\\x41',
]
const jsonTexts = ['123', 'true', 'null', '0.10', '"x"', '{"a":1}', '[1]', '', 'x', 'a"b\\c']
const documents = [...jsonTexts, {}, [], [1, [null]], { a: { b: ['1', null] } }, 1.5, false]
const eras = ['0044-03-15 12:00:00 BC', '12345-01-01 00:00:00', 'infinity', '-infinity']
const timestamps = ['2024-02-29 23:59:59.123456', '1969-12-31 23:59:59', ...eras]
const dates = ['2024-02-03', '0044-03-15 BC', '12345-01-01', 'infinity', '-infinity']
const instants = [...times('2024-02-29T23:59:59.123Z', '1900-01-01T00:00:00Z'), ...literals(...eras)]
const limits = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]

/** Values of each type that are easily lost. */
export const valuesOf: Record<Name, unknown[]> = {
  bigintNumber: [0, -1, Number.MAX_SAFE_INTEGER, literal('9223372036854775807')],
  bigintBigint: [0n, 2n ** 63n - 1n, -(2n ** 63n)],
  bit: ['0101', '0000'],
  boolean: [true, false],
  char: ['', 'a', 'ab  ', '\\"{},'],
  cidr: ['10.0.0.0/8', '2001:db8::/32'],
  customBytea: literals('\\x00ff5c227b', '', '\\x5c'),
  customDec: ['0.1000000000', '123456789012345678901234567890.0123456789'],
  customInt8: [0n, 2n ** 63n - 1n],
  customJsonb: [[], [1, [2]], ['1'], '1'],
  customTimestamptz: timestamps,
  dateString: dates,
  dateDate: [...times('2024-02-03', '1900-01-01'), ...literals(...dates)],
  doublePrecision: [0, -0, 1.1, 1e300, 5e-324, ...limits],
  enum: ['good', 'so so', 'NULL', 'a"b\\c', '{}', ''],
  inet: ['10.0.0.1', '10.0.0.1/24', '::1'],
  integer: [0, -1, 2147483647, -2147483648],
  interval: ['1 year 2 mons 3 days 04:05:06.789', '-1 days +02:03:04', '00:00:00', '-00:00:01'],
  json: documents,
  jsonb: documents,
  lineTuple: [
    [1, -1, 0],
    [0.5, 2, -3],
  ],
  lineAbc: [
    { a: 1, b: -1, c: 0 },
    { a: 0.5, b: 2, c: -3 },
  ],
  macaddr: ['08:00:2b:01:02:03'],
  macaddr8: ['08:00:2b:01:02:03:04:05'],
  numericString: ['0.10', '1.000', '-0.00', '123456789012345678901234567890.123456789', 'NaN', 'Infinity', '-Infinity'],
  numericNumber: [0.1, -1, ...limits, literal('1.50')],
  numericBigint: [2n ** 80n, -1n, 0n],
  pointTuple: [
    [0, -0],
    [1.5, -2.25],
    [Number.NaN, Number.POSITIVE_INFINITY],
  ],
  pointXy: [
    { x: 0, y: -0 },
    { x: Number.NaN, y: Number.NEGATIVE_INFINITY },
  ],
  real: [0, 1.1, -3.4e38, ...limits],
  smallint: [0, 32767, -32768],
  text: hostileTexts,
  time: ['00:00:00', '23:59:59.999999', '24:00:00'],
  timetz: ['12:00:00+05:30', '23:59:59.5-08'],
  timestampString: timestamps,
  timestampDate: instants,
  timestamptzString: [...timestamps, '2024-01-02 03:04:05.6+05:30'],
  timestamptzDate: instants,
  uuid: ['00000000-0000-0000-0000-000000000000', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'],
  varchar: hostileTexts,
}

/** Arrays that a column's JavaScript type cannot say, with what they contain: other lower bounds, other dimensions. */
export const arraysOf: [name: string, text: string, read: unknown][] = [
  ['integerArray', '[2:3]={1,2}', [1, 2]],
  [
    'integerArray',
    '[0:1][-1:0]={{1,NULL},{3,4}}',
    [
      [1, null],
      [3, 4],
    ],
  ],
  [
    'integerArray',
    '{{1,2},{3,4}}',
    [
      [1, 2],
      [3, 4],
    ],
  ],
  ['bigintBigintNested', '{1,NULL}', [1n, null]],
  ['textArray', '[0:3]={a,NULL,"NULL","[0:1]={x}"}', ['a', null, 'NULL', '[0:1]={x}']],
  ['enumArray', '[3:4]={NULL,"NULL"}', [null, 'NULL']],
  [
    'numericStringArray',
    '{{1.00,NULL},{NaN,0.10}}',
    [
      ['1.00', null],
      ['NaN', '0.10'],
    ],
  ],
  ['timestampDateArray', '[5:6]={"2024-02-03 04:05:06",NULL}', [new Date('2024-02-03T04:05:06Z'), null]],
  ['jsonbArray', '{"[1, null]","\\"1\\"","null",NULL}', [[1, null], '1', null, null]],
]

export const names = Object.keys(scalars) as Name[] // its own keys
