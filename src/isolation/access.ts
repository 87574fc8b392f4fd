import { applyingOf, type commands, covers } from './judge-policies.ts'
import { byTable, clausesOf, type PolicyRow } from './policies.ts'
import type { Recording } from './recording.ts'
import { isSameTenant, type Tenant } from './tenant-expression.ts'

/**
 * What keeps a tenant from the rows of others, for one command:
 * - `leaks`: nothing does, or a query returned such rows
 * - `tried`: policies keep it, and the check ran a query, which returned none
 * - `protected`: privileges or the text of the policies; the check ran nothing
 * - `not proved`: the check cannot judge the policies. A query that returned none is no proof: the relation can be empty
 */
export type AccessState = 'leaks' | 'tried' | 'protected' | 'not proved'

export interface Access {
  state: AccessState
  /** Why, in a few words. */
  why: string
}

/** One row of the isolation matrix: a tenant table, or a view of tenant tables. */
export interface TableAccess {
  table: string
  select: Access
  insert: Access
  update: Access
  delete: Access
  /** What the database keeps of a write; undefined for a view. */
  recording?: Recording | undefined
}

/** What the row probes saw. */
export interface Seen {
  /** Relations that returned rows which they should not. */
  leaking: Set<string>
  /** Relations that did not. */
  clean: Set<string>
  /** Whether they were also queried as a tenant without rows. */
  asTenant: boolean
}

/** The isolation matrix: every tenant table, and every command. */
export function accessOf(policies: PolicyRow[], tenant: Tenant | undefined, seen: Seen): TableAccess[] {
  return [...byTable(policies)].map(([table, rows]) => {
    const judged = (command: keyof typeof commands) => judge(rows, command, tenant)
    const select = trySelect(table, judged('r'), seen)
    return { table, select, insert: judged('a'), update: judged('w'), delete: judged('d') }
  })
}

/** A command that the check ran, or else what it judged. */
export function trySelect(table: string, judged: Access, { leaking, clean, asTenant }: Seen): Access {
  if (leaking.has(table)) return { state: 'leaks', why: 'a query returned rows of other tenants' }
  if (judged.state !== 'protected' || !clean.has(table)) return judged
  const how = asTenant ? 'without a tenant, and as a tenant without rows' : 'without a tenant'
  return { state: 'tried', why: `a query ${how} returned nothing` }
}

function judge(rows: PolicyRow[], command: keyof typeof commands, tenant: Tenant | undefined): Access {
  const [{ privileges = '', isActive = false } = {}] = rows
  if (!privileges.includes(command)) return { state: 'protected', why: 'the serving role has no privilege' }
  if (!isActive) return { state: 'leaks', why: 'row-level security does not apply' }
  const permissive = applyingOf(rows).filter((row) => covers(row, command))
  if (permissive.length === 0) return { state: 'protected', why: 'no policy allows it' }
  const restrictive = rows.filter(
    (row) => row.policy !== null && !row.permissive && row.applies && covers(row, command),
  )
  if (restrictive.some((row) => limits(row, command, tenant)))
    return { state: 'protected', why: 'a restrictive policy compares the tenant' }
  const open = permissive.find((row) => relevant(row, command).some(({ text }) => text === 'true'))
  if (open) return { state: 'leaks', why: `its policy ${open.policy} allows every row` }
  const unsound = permissive.find((row) => !relevant(row, command).every((clause) => isSound(clause, tenant)))
  if (unsound) return { state: 'not proved', why: `its policy ${unsound.policy} compares more than the tenant` }
  return { state: 'protected', why: 'its policies compare the tenant' }
}

/** Whether a restrictive policy alone keeps a command on the rows of the tenant. */
const limits = (row: PolicyRow, command: keyof typeof commands, tenant: Tenant | undefined): boolean =>
  (command === 'a' || row.using !== null) && relevant(row, command).every((clause) => isSound(clause, tenant))

type Clause = ReturnType<typeof clausesOf>[number]

/** The clauses that PostgreSQL applies for a command. Without WITH CHECK, it applies USING to new rows. */
function relevant(row: PolicyRow, command: keyof typeof commands): Clause[] {
  const clauses = clausesOf(row)
  const using = clauses.filter(({ clause }) => clause === 'using')
  const check = clauses.filter(({ clause }) => clause === 'with check')
  const added = check.length > 0 ? check : using
  if (command === 'a') return added
  return command === 'w' ? [...using, ...added] : using
}

const isSound = ({ condition }: Clause, tenant: Tenant | undefined): boolean =>
  condition !== undefined && isSameTenant(condition.tenant, tenant)
