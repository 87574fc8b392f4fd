import { getTableConfig, type PgColumn } from 'drizzle-orm/pg-core'
import { OperatorError } from '../../errors/index.ts'
import { qualify, type SchemaTable } from '../schema/read-schema.ts'
import { fit } from './code.ts'
import type { Resource } from './resource.ts'

/** Code that creates the rows which a resource refers to. */
export interface ParentRows {
  lines: string[]
  /** The fields of the object that the code returns. */
  result: string
  imports: { names: string[]; file: string }[]
}

/**
 * Writes code that creates the rows which a resource refers to, and those that they refer to.
 *
 * @throws OperatorError when a table refers to itself through others, or has a column of an unusual type
 */
export function parentRows({ references, layout }: Resource): ParentRows {
  const lines: string[] = []
  const imports: ParentRows['imports'] = []
  const variables = new Map<string, string>()

  function create(table: SchemaTable, above: string[] = []): string {
    const known = variables.get(table.label)
    if (known !== undefined) return known
    if (above.includes(table.label))
      throw new OperatorError(`${table.label} refers to itself: write the test by hand, with --columns without it`)
    const variable = `${table.exportName}Row`
    imports.push({ names: [table.exportName], file: table.file })
    const insert = () =>
      `tx.insert(${table.exportName}).values({ ${valuesOf(table, (parent) => create(parent, [...above, table.label])).join(', ')} }).returning()`
    // The serving role may only read a shared table.
    const query = table.tenant ? insert() : `tx.select().from(${table.exportName}).limit(1)`
    lines.push(fit(`const ${variable} = first(`, [`await ${query}`], ')', indent))
    variables.set(table.label, variable)
    return variable
  }

  function valuesOf(table: SchemaTable, parentOf: (parent: SchemaTable) => string): string[] {
    return table.columns.flatMap((column) => {
      if (!column.notNull || column.hasDefault || column.generated || column.name === table.tenant?.name) return []
      return [`${table.keys.get(column.name)}: ${referenceOf(table, column, parentOf) ?? sampleOf(table, column)}`]
    })
  }

  function referenceOf(table: SchemaTable, column: PgColumn, parentOf: (parent: SchemaTable) => string) {
    for (const key of table.foreignKeys) {
      const { columns, foreignColumns, foreignTable } = key.reference()
      const place = columns.findIndex(({ name }) => name === column.name)
      const { schema, name } = getTableConfig(foreignTable)
      const parent = layout.tables.find(({ label }) => label === qualify(schema, name))
      const target = foreignColumns[place]
      if (parent && target) return `${parentOf(parent)}.${parent.keys.get(target.name)}`
    }
    return undefined
  }

  const result = references.map(({ column, parent }) => `${column.key}: ${create(parent)}.${parent.keys.get('id')}`)
  return { lines, result: result.join(', '), imports }
}

const samples: [RegExp, string][] = [
  [/^(text|citext)$/, 'crypto.randomUUID()'],
  [/^(smallint|integer|real|double precision)$/, '1'],
  [/^numeric/, "'1'"],
  [/^boolean$/, 'true'],
  [/^uuid$/, 'crypto.randomUUID()'],
  // The type that the schema gives to JSON is gone when it runs.
  [/^jsonb?$/, '{} as never'],
  [/^bytea$/, 'new Uint8Array()'],
]

/** The lines are inside of a transaction in a function. */
const indent = ' '.repeat(6)

/** A value that the column takes; a check constraint may want another one. */
function sampleOf({ label }: SchemaTable, column: PgColumn): string {
  const [choice] = column.enumValues ?? []
  if (choice !== undefined) return `'${choice}'`
  const type = column.getSQLType()
  if (type.endsWith('[]')) return '[]'
  const [, length] = /^(?:varchar|char)\((\d+)\)$/.exec(type) ?? []
  if (length !== undefined) return `crypto.randomUUID().slice(0, ${length})`
  if (column.dataType === 'date') return 'new Date()'
  if (column.dataType === 'bigint') return '1n'
  if (type === 'bigint') return '1'
  if (/^(date|timestamp)/.test(type)) return "'2026-01-31'"
  const [, code] = samples.find(([pattern]) => pattern.test(type)) ?? []
  if (code !== undefined) return code
  throw new OperatorError(
    `${label}.${column.name} is ${type}: "rowhouse add" cannot write a test with a row of this table`,
  )
}
