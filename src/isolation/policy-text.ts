/** The comparison of the tenant column in a policy. */
export interface TenantCondition {
  /** The other side of the comparison, as PostgreSQL prints it: `tenancy.current_tenant_id()`. */
  tenant: string
  /** The type that the column is cast to for the comparison. */
  comparedAs?: string
  /** Whether PostgreSQL evaluates it once a statement, in a sub-select, and not once a row. */
  once: boolean
}

/**
 * Reads a condition as pg_get_expr() prints it, with every name in full. It limits rows to one tenant when it is a comparison
 * of the tenant column, or such a comparison with other conditions (AND).
 *
 * @param column the tenant column, quoted as PostgreSQL quotes it
 * @returns undefined for a condition that does not limit rows to one tenant
 * @example
 * readTenantCondition('(tenant_id = ( SELECT app.tenant() AS tenant))', 'tenant_id') // { tenant: 'app.tenant()', once: true }
 */
export function readTenantCondition(text: string, column: string): TenantCondition | undefined {
  const condition = unwrap(text)
  if (split(condition, ' OR ').length > 1) return undefined
  const all = split(condition, ' AND ')
  if (all.length > 1) return all.map((part) => readTenantCondition(part, column)).find((found) => found)
  const sides = split(condition, ' = ').map(unwrap)
  if (sides.length !== 2) return undefined
  const isColumn = (side: string) => unwrap(side.replace(columnCast, '')) === column
  const index = sides.findIndex((side, at) => !isColumn(side) && isColumn(sides[1 - at] ?? ''))
  const other = sides[index]
  // ANY compares with each of a list.
  if (other === undefined || hasColumn(other) || /^(ANY|ALL) \(/.test(other)) return undefined
  const comparedAs = columnCast.exec(sides[1 - index] ?? '')?.[1]
  const cast = comparedAs === undefined ? {} : { comparedAs }
  if (!other.startsWith('SELECT '))
    return { tenant: other, ...cast, once: !/[\w"]\(/.test(other.replaceAll(subSelect, '')) }
  const [expression, ...alias] = split(other.slice('SELECT '.length), ' AS ')
  if (expression === undefined || alias.length > 1 || /\s(FROM|UNION|WHERE|LIMIT)\s/.test(other)) return undefined
  return { tenant: unwrap(expression), ...cast, once: true }
}

const columnCast = /::(text|uuid|bigint|integer)$/

/** A call in a sub-select, which PostgreSQL evaluates once: `( SELECT auth.jwt() AS jwt)`. */
const subSelect = /\( SELECT ([\w".]+\((?:[^()']|'[^']*')*\)) AS (?:"[^"]*"|\w+)\)/g

/** An expression with calls instead of sub-selects of a call: a column's default may have no sub-select. */
export const callsOutside = (expression: string): string => expression.replaceAll(subSelect, '$1')

/** Whether an expression reads a column: a word that is not a call, a schema, a type or a keyword. */
function hasColumn(expression: string): boolean {
  const bare = expression
    .replaceAll(/'[^']*'/g, '')
    .replaceAll(/ AS ("[^"]*"|\w+)/g, '')
    .replaceAll(/::[\w ]+(\[\])?/g, '')
  // `notes.*` passes the whole row.
  const words = bare.match(/("[^"]*"|[\w$]+)(?![\w$"]|\s*\(|\s*\.[\w"])/g) ?? []
  return words.some((word) => !/^(\d+|SELECT|true|false|NULL|CURRENT_USER|SESSION_USER)$/.test(word))
}

/** Whether a condition depends on more than its text shows: another table, a list of tenants, or a function of a value. */
export const isBeyondText = (text: string): boolean =>
  /\sFROM\s|= ANY \(|[\w"]\.[\w"]+\([^)]/.test(text.replaceAll(/'[^']*'/g, "''"))

/** Splits an expression at a separator outside parentheses and quotes. */
function split(text: string, separator: string): string[] {
  const parts: string[] = []
  let depth = 0
  let from = 0
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]
    if (character === "'" || character === '"') at = text.indexOf(character, at + 1)
    else if (character === '(' || character === '[') depth += 1
    else if (character === ')' || character === ']') depth -= 1
    else if (depth === 0 && text.startsWith(separator, at)) {
      parts.push(text.slice(from, at))
      at += separator.length - 1
      from = at + 1
    }
    if (at < 0) break // an unclosed quote, which PostgreSQL does not print
  }
  return [...parts, text.slice(from)]
}

/** Removes parentheses around the whole text. */
export function unwrap(text: string): string {
  const trimmed = text.trim()
  if (!trimmed.startsWith('(') || !trimmed.endsWith(')')) return trimmed
  const inside = trimmed.slice(1, -1)
  let depth = 0
  for (const part of inside.replaceAll(/'[^']*'|"[^"]*"/g, '')) {
    if (part === '(') depth += 1
    if (part === ')') depth -= 1
    if (depth < 0) return trimmed
  }
  return unwrap(inside)
}
