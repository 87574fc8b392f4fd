import type { TenantContext } from '../context/index.ts'
import { TenantNotConfirmed } from './not-confirmed.ts'
import type { TenantSigner } from './signed-context.ts'
import { beginRead } from './transaction.ts'
import type { Opening } from './transaction-handle.ts'

export type Mode = 'read' | 'write'

/** How much a write sees of other transactions (PostgreSQL, chapter 13.2 "Transaction Isolation"). */
export type IsolationLevel = 'read committed' | 'repeatable read' | 'serializable'

const beginWrite: Record<IsolationLevel, string> = {
  'read committed': 'begin isolation level read committed',
  'repeatable read': 'begin isolation level repeatable read',
  serializable: 'begin isolation level serializable',
}

/** @throws TypeError for an unknown isolation level */
function beginOf(mode: Mode, isolation: IsolationLevel | undefined): string {
  if (mode === 'read') return beginRead
  if (isolation === undefined) return 'begin'
  if (!Object.hasOwn(beginWrite, isolation))
    throw new TypeError(`Unknown isolation level "${isolation}": use ${Object.keys(beginWrite).join(', ')}`)
  return beginWrite[isolation]
}

// Its functions and operators have their schema: others with these names, in a schema that comes first in the search path, could
// answer as asked and set nothing.
const guard =
  "1 operator(pg_catalog./) (pg_catalog.current_setting('app.current_tenant', true) operator(pg_catalog.=) $1)::pg_catalog.int4"

/**
 * The statement that sets settings and fails when the first one, the tenant, does not have its value then: what follows in the same
 * message does not run.
 */
function setText(names: readonly string[]): string {
  const calls = names.map((name, index) => `pg_catalog.set_config('${name}', $${index + 1}, true)`)
  return `select ${calls.join(', ')}, ${guard}`
}
const always = ['app.current_tenant', 'app.request_id']
const setTexts = {
  none: setText(always),
  actor: setText([...always, 'app.actor']),
  role: setText([...always, 'role']),
  both: setText([...always, 'app.actor', 'role']),
}

/** Begins a transaction of the context's tenant. */
export function openTenant(
  { mode, isolation }: { mode: Mode; isolation?: IsolationLevel | undefined },
  { tenantId, requestId, actor }: TenantContext,
  { role, signer }: { role?: string | undefined; signer?: TenantSigner | undefined },
): Opening {
  const values = [signer ? signer(tenantId) : tenantId, requestId ?? '']
  if (actor !== undefined) values.push(actor)
  if (role !== undefined) values.push(role)
  const which = actor === undefined ? (role === undefined ? 'none' : 'role') : role === undefined ? 'actor' : 'both'
  const begin = beginOf(mode, isolation)
  const set = { text: setTexts[which], parameters: values }
  return {
    // All clients of PGlite's socket share one session: while no transaction is open, their messages can come between ours, so BEGIN
    // and COMMIT are messages of their own.
    ...(role === undefined
      ? { command: undefined, statements: [{ text: begin, parameters: [] }, set], endsWithQueries: true }
      : { command: begin, statements: [set], endsWithQueries: false }),
    confirm(results) {
      if (values.some((value, index) => results.at(-1)?.rows[0]?.[index] !== value))
        throw new TenantNotConfirmed('PostgreSQL did not confirm the tenant of this transaction')
    },
  }
}
