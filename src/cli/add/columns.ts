import { OperatorError } from '../../errors/index.ts'
import { type Kind, kindOf } from './kinds.ts'
import { camelCase, snakeCase } from './names.ts'

/** A column of a new resource. */
export interface Column {
  /** In code and on the wire. @example 'dueAt' */
  key: string
  /** In the database. @example 'due_at' */
  name: string
  kind: Kind
  isNullable: boolean
}

const own = ['id', 'createdAt', 'updatedAt']

/**
 * Parses the columns of `rowhouse add`.
 *
 * @param text `name:type` pairs with commas between them; a `?` after the type lets the column be null
 * @param tenantColumn in the database. @default 'tenant_id'
 * @throws OperatorError that names the column
 * @example
 * parseColumns('name:text, dueAt:timestamptz?, status:open|paid, customerId:customers')
 */
export function parseColumns(text: string, tenantColumn = 'tenant_id'): Column[] {
  const parts = text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
  if (parts.length === 0) throw new OperatorError('--columns must name a column: "name:text, dueAt:timestamptz"')
  const columns = parts.map((part) => parseColumn(part, [...own, camelCase(tenantColumn)]))
  const double = columns.find(({ name }, index) => columns.findIndex((other) => other.name === name) !== index)
  if (double) throw new OperatorError(`--columns names ${double.key} twice`)
  return columns
}

function parseColumn(part: string, own: string[]): Column {
  const [, given = '', type = '', mark = ''] = /^([^:]+?)\s*:\s*(.+?)\s*(\??)$/.exec(part) ?? []
  const key = camelCase(given)
  if (!/^[a-z][a-zA-Z0-9]*$/.test(key) || key.length > 40)
    throw new OperatorError(`--columns: ${JSON.stringify(part)} must be name:type, such as dueAt:timestamptz`)
  if (own.includes(key)) throw new OperatorError(`--columns: every table has ${key} already`)
  return { key, name: snakeCase(key), kind: kindOf(type), isNullable: mark === '?' }
}
