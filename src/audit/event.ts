import { mapped, type Query, type TenantTx } from '../database/index.ts'
import { kitQuery } from '../database/internal.ts'
import type { ColumnChanges } from './leaf.ts'

/** An event of the application. */
export interface AuditEvent {
  /** What happened, in words with dots between them, such as `invoice.sent`. At most 100 characters. */
  action: string
  /** What it happened to, such as the name of a table. */
  resource: string
  /** Which one of them. @default null */
  target?: string | null | undefined
  /** What changed: texts, or null. @default {} */
  changes?: ColumnChanges | undefined
}

const actionForm = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/

/**
 * Writes an event of the application into the audit trail, in the transaction of its cause: both are committed, or neither is. The
 * tenant, the actor and the request are those of the transaction. Await it, or return it from the work of `db.write`.
 *
 * @returns the id of the entry
 * @throws TypeError for an action without a dot, and for values that are not texts or null; nothing is sent
 * @example
 * await audit.event(tx, { action: 'invoice.sent', resource: 'invoices', target: invoice.id, changes: { sent_to: { from: null, to: email } } })
 */
export function event(tx: TenantTx, { action, resource, target = null, changes = {} }: AuditEvent): Query<string> {
  if (!actionForm.test(action) || action.length > 100)
    throw new TypeError('The action of an audit event is words of a-z, 0-9 and _ with a dot between them: invoice.sent')
  assertText('resource', resource)
  if (resource === '') throw new TypeError('The resource of an audit event must not be empty')
  if (target !== null) assertText('target', target)
  for (const [name, change] of Object.entries(changes)) assertChange(name, change)
  const added = kitQuery(tx, 'select tenancy.audit_event($1, $2, $3, $4::jsonb) as id', [
    action,
    resource,
    target,
    JSON.stringify(changes),
  ])
  return mapped(added, ([row]) => String(row?.id))
}

/** As JavaScript could pass it. */
function assertChange(name: string, change: unknown): void {
  assertText('name of a change', name)
  const isChange = typeof change === 'object' && change !== null && Object.keys(change).toSorted().join() === 'from,to'
  if (!isChange) throw new TypeError(`The change "${name}" of an audit event must have from and to, and nothing else`)
  for (const [side, value] of Object.entries(change))
    if (value !== null) assertText(`"${side}" of the change "${name}"`, value)
}

/** @throws TypeError for what PostgreSQL cannot store as text */
function assertText(what: string, value: unknown): void {
  if (typeof value !== 'string')
    throw new TypeError(`The ${what} of an audit event must be text: convert it first, as in String(total)`)
  if (value.includes('\0') || !value.isWellFormed())
    throw new TypeError(`The ${what} of an audit event must be well-formed Unicode without NUL characters`)
}

/** What an application does with the audit trail in a transaction. */
export const audit = { event }
