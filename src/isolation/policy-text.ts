/** What a policy's condition compares the tenant column with. */
export interface TenantCondition {
  /** The other side of the comparison, as PostgreSQL prints it: `tenancy.current_tenant_id()`. */
  tenant: string
  /** Whether it stands in a sub-select, so that it is asked once a statement and not once a row. */
  once: boolean
}

/**
 * Reads a condition as pg_get_expr() prints it, with every name in full. It ties rows to a tenant when it is a comparison
 * of the tenant column, or such a comparison and more (AND); with OR, or without it, it does not.
 *
 * @param column the tenant column, quoted where PostgreSQL would quote it
 * @returns undefined for a condition that does not tie rows to one tenant
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
  const isColumn = (side: string) => unwrap(side.replace(/::(text|uuid|bigint|integer)$/, '')) === column
  const other = sides.find((side, index) => !isColumn(side) && isColumn(sides[1 - index] ?? ''))
  if (other === undefined || hasColumn(other)) return undefined
  if (!other.startsWith('SELECT ')) return { tenant: other, once: !isCalledPerRow(other) }
  const [expression, ...alias] = split(other.slice('SELECT '.length), ' AS ')
  if (expression === undefined || alias.length > 1 || /\s(FROM|UNION|WHERE|LIMIT)\s/.test(other)) return undefined
  return { tenant: unwrap(expression), once: true }
}

/** Whether anything but a sub-select is called: `(( SELECT auth.jwt() AS jwt) ->> 'org')` is asked once. */
const isCalledPerRow = (expression: string): boolean =>
  /[\w"]\(/.test(expression.replaceAll(/\( SELECT [\w".]+\(\) AS ("[^"]*"|\w+)\)/g, ''))

/** Whether an expression reads the row: a word that is neither a call, a schema, a type nor a keyword is a column. */
function hasColumn(expression: string): boolean {
  const bare = expression
    .replaceAll(/'[^']*'/g, '')
    .replaceAll(/ AS ("[^"]*"|\w+)/g, '')
    .replaceAll(/::[\w ]+(\[\])?/g, '')
  // A row of a table, handed over whole: notes.*
  const words = bare.match(/("[^"]*"|[\w$]+)(?![\w$"]|\s*\(|\s*\.[\w"])/g) ?? []
  return words.some((word) => !/^(\d+|SELECT|true|false|NULL|CURRENT_USER|SESSION_USER)$/.test(word))
}

/** Parts of an expression between a separator that stands in neither parentheses nor quotes. */
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
    if (at < 0) break // a quote that never ends: nothing PostgreSQL would print
  }
  return [...parts, text.slice(from)]
}

/** The inside of parentheses that embrace the whole text. */
function unwrap(text: string): string {
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
