import { clausesOf, type PolicyRow } from './policies.ts'
import { callsOutside, unwrap } from './policy-text.ts'

/** What the policies of a database compare the tenant column with. */
export interface Tenant {
  /** As PostgreSQL prints it. */
  text: string
  /** Its type, or the type of the column that it is compared with. */
  type: string
}

/** The tenant expression of the policies that tenancy.protect() creates. */
export const ours: Tenant = { text: 'tenancy.current_tenant_id()', type: 'uuid' }

/**
 * The tenant expression of a database: ours when a policy has it, else the most frequent one; undefined without any.
 *
 * @param ourType the type that our function returns
 */
export function tenantExpression(rows: PolicyRow[], ourType: string | null): Tenant | undefined {
  const found = new Map<string, Tenant & { count: number }>()
  for (const row of rows)
    for (const { condition } of clausesOf(row)) {
      if (!condition) continue
      const { tenant: text, comparedAs = row.type } = condition
      const count = (found.get(text)?.count ?? 0) + 1
      found.set(text, { text, type: comparedAs, count })
    }
  if (found.has(ours.text)) return { ...ours, type: ourType ?? ours.type }
  return [...found.values()].sort((a, b) => b.count - a.count)[0]
}

/**
 * Names of the settings that policies, or the functions they call, read.
 *
 * @param elsewhere bodies of other functions that read settings: the functions of policies may call them
 */
export function tenantSettings(rows: PolicyRow[], tenant: Tenant | undefined, elsewhere = ''): string[] {
  if (tenant?.text === ours.text) return ['app.current_tenant']
  const texts = rows.flatMap(({ using, check, functions }) => [using, check, functions]).join(' ')
  const read = namesIn(texts, /current_setting\(\s*'([^']+)'/gi)
  // A name of two parts that is passed to another function is the name of a setting.
  if (read.length === 0)
    read.push(...namesIn(texts, /'(\w+\.[\w.]+)'/g), ...namesIn(elsewhere, /current_setting\(\s*'([^']+)'/gi))
  // A name without a dot is a parameter of the server, such as data_directory, which only some roles may read.
  return [...new Set(read)].filter((name) => name.includes('.'))
}

const namesIn = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, name]) => name ?? '')

/** Ignores casts: the tenant columns of two tables may have two types. */
export const isSameTenant = (a: string, b: Tenant | undefined): boolean => b !== undefined && bare(a) === bare(b.text)

/** Whether a column's default, as PostgreSQL prints it, is the tenant expression. */
export const isDefaultOf = (text: string, tenant: Tenant): boolean =>
  bare(callsOutside(text)) === bare(callsOutside(tenant.text))

/** Without casts of the whole expression. */
function bare(expression: string): string {
  const inner = unwrap(expression.replace(/::[\w ."]+$/, ''))
  return inner === expression ? inner : bare(inner)
}

const isText = (type: string): boolean => ['text', 'character varying', 'character', 'name'].includes(type)
const isNumber = (type: string): boolean => ['smallint', 'integer', 'bigint', 'numeric'].includes(type)

/** The tenant expression with the cast that a column needs; undefined when PostgreSQL has no cast. */
export function castTenant({ text, type }: Tenant, column: string): string | undefined {
  if (type === column || (isText(type) && isText(column))) return text
  if (isText(column)) return `(${text})::text`
  return isText(type) || (isNumber(type) && isNumber(column)) ? `(${text})::${column}` : undefined
}
