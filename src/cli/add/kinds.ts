import { OperatorError } from '../../errors/index.ts'

/** A type of column: how its schema, its wire form and its tests are written. */
export interface Kind {
  /** The function of drizzle-orm/pg-core that builds it. */
  builder: string
  /** The builder's parameters after the name, as code. */
  options?: string
  /** A method of the builder, as code. */
  method?: string
  /** The Zod schema of a request's field, as code. */
  zod: string
  /** Functions of the kit that `zod` uses. */
  kit?: 'text' | 'id'
  /** The Zod schema of a response's field where it is another one, and how it is made from a row's field. */
  wire?: { zod: string; from: (field: string) => string }
  /** The condition of a check constraint for a column of this name, as SQL in a template. */
  check?: (column: string) => string
  /** Two values of requests, as code for tests. */
  samples: [string, string]
  /** The values of an enumeration, as code. */
  values?: string
  /** Whether a list sorts by it, and an index has it: PostgreSQL limits the bytes of both. */
  isShortText?: true
  /** The table that it refers to. */
  references?: string
}

const bounded = (max: number, rest: string) => `z.string().max(${max}, { abort: true })${rest}`

const uuids: [string, string] = ["'0198b9a4-0000-7000-8000-000000000001'", "'0198b9a4-0000-7000-8000-000000000002'"]

const plain: Record<string, Kind> = {
  integer: { builder: 'integer', zod: 'z.int().min(-2_147_483_648).max(2_147_483_647)', samples: ['1', '2'] },
  boolean: { builder: 'boolean', zod: 'z.boolean()', samples: ['true', 'false'] },
  uuid: {
    builder: 'uuid',
    zod: 'id()',
    kit: 'id',
    samples: uuids,
  },
  date: {
    builder: 'date',
    zod: bounded(10, ".pipe(z.iso.date()).openapi({ type: 'string', format: 'date' })"),
    samples: ["'2026-01-31'", "'2026-02-28'"],
  },
  timestamptz: {
    builder: 'timestamp',
    options: '{ withTimezone: true, precision: 3 }',
    zod: 'instant()',
    wire: { zod: 'z.iso.datetime()', from: (field) => `${field}.toISOString()` },
    samples: ["'2026-01-31T12:00:00.000Z'", "'2026-02-28T12:00:00.000Z'"],
  },
  jsonb: {
    builder: 'jsonb',
    method: '.$type<Record<string, string | number | boolean | null>>()',
    zod: 'z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))',
    samples: ["{ colour: 'red' }", "{ colour: 'blue' }"],
  },
}

/** The declaration of `instant()`, which the schemas of a `timestamptz` use. */
export const instantCode = `/** A moment in ISO 8601, as a Date. */
const instant = () =>
  z
    .string()
    .max(35, { abort: true })
    .pipe(z.iso.datetime({ offset: true }))
    .transform((text) => new Date(text))
    .openapi({ type: 'string', format: 'date-time' })
`

/**
 * The kind of a column type: `text`, `text(2000)`, `integer`, `numeric(12, 2)`, `boolean`, `uuid`, `date`, `timestamptz`, `jsonb`,
 * the values of an enumeration as `open|paid`, or the name of a table to refer to.
 *
 * @throws OperatorError for an unknown type
 */
export function kindOf(type: string): Kind {
  const [, name = type, inner = ''] = /^(\w+)\s*\(([\d\s,]+)\)$/.exec(type) ?? []
  const numbers = inner === '' ? [] : inner.split(',').map(Number)
  if (name === 'text') return textOf(numbers[0] ?? 200)
  if (name === 'numeric') return numericOf(numbers[0] ?? 12, numbers[1] ?? (numbers.length === 1 ? 0 : 2))
  const known = Object.hasOwn(plain, type) ? plain[type] : undefined
  if (known) return known
  if (/^\w+(\|\w+)+$/.test(type)) return enumerationOf(type.split('|'))
  if (!/^[a-z][a-z0-9_]*$/.test(type) || looksLikeType.test(type))
    throw new OperatorError(`--columns: the type ${JSON.stringify(type)} is unknown. ${allowed}`)
  return { builder: 'uuid', zod: 'id()', kit: 'id', samples: uuids, references: type }
}

/** Types of PostgreSQL that no table is likely to be named after. */
const looksLikeType =
  /^(string|number|int\d?|bigint|smallint|serial|bigserial|real|float\d?|double|decimal|varchar|char|bool|time|timestamp|json|bytea|interval)$/
const allowed =
  'Known are text, text(2000), integer, numeric(12, 2), boolean, uuid, date, timestamptz, jsonb, values such as open|paid, and the name ' +
  'of a table to refer to.'

/** The characters of a short text. */
const shortMax = 200

function textOf(max: number): Kind {
  if (max < 1) throw new OperatorError(`--columns: text(${max}) must have room for a character`)
  return {
    builder: 'text',
    zod: `text({ min: 1, max: ${grouped(max)}, trim: true })`,
    kit: 'text',
    check: (column) => `char_length(${column}) between 1 and ${max}`,
    ...(max <= shortMax ? { isShortText: true } : {}),
    samples: [`'${'First'.slice(0, max)}'`, `'${'Second'.slice(0, max)}'`],
  }
}

function numericOf(precision: number, scale: number): Kind {
  if (precision < 1 || precision > 1000 || scale > precision)
    throw new OperatorError(
      `--columns: numeric(${precision}, ${scale}) must have 1 to 1000 digits, and not more after the point`,
    )
  const whole = precision - scale
  const digits = whole === 0 ? '0' : `\\d{1,${whole}}`
  const fraction = scale === 0 ? '' : `(\\.\\d{1,${scale}})?`
  const sample = (digit: number) =>
    whole === 0
      ? `'0.${String(digit).padEnd(scale, '0')}'`
      : `'${digit}${scale === 0 ? '' : `.${'5'.padEnd(scale, '0')}`}'`
  return {
    builder: 'numeric',
    options: `{ precision: ${precision}, scale: ${scale} }`,
    zod: bounded(Math.max(1, whole) + scale + 2, `.regex(/^-?${digits}${fraction}$/, 'Must be a number')`),
    samples: [sample(1), sample(2)],
  }
}

function enumerationOf(values: string[]): Kind {
  const list = values.map((value) => `'${value}'`).join(', ')
  return {
    builder: 'text',
    options: `{ enum: [${list}] }`,
    zod: `z.enum([${list}])`,
    values: list,
    check: (column) => `${column} in (${list})`,
    samples: [`'${values[0]}'`, `'${values[1]}'`],
  }
}

/** As the code of this project writes numbers. */
const grouped = (number: number): string =>
  number >= 10_000 ? number.toLocaleString('en').replaceAll(',', '_') : String(number)
