import type { TenantContext } from '../context/index.ts'
import { TenantNotConfirmed } from './not-confirmed.ts'
import type { Opening } from './opening.ts'
import { failsUnless, guardOf, type Setting } from './settings-guard.ts'
import type { TenantSigner } from './signed-context.ts'
import type { Statement } from './statement.ts'
import { beginRead } from './transaction.ts'

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

const isSet = failsUnless("pg_catalog.texteq(pg_catalog.current_setting('app.current_tenant', true), $1)")

/**
 * Whether policies see the tenant. A database that verifies no signature fails to convert one to a uuid or a bigint, but takes it for
 * an id of type text.
 */
const isSeen = (parameter: number) => failsUnless(`pg_catalog.texteq(tenancy.current_tenant_id(), $${parameter})`)

/** What the settings of a transaction depend on. */
interface Tenant {
  tenant: string
  /** The id that policies must see, where a signature could be an id too. */
  seen: string | undefined
  requestId: string | undefined
  actor: string | undefined
  role: string | undefined
}

function settingsOf({ tenant, requestId = '', actor, role }: Tenant): Setting[] {
  const settings: Setting[] = [
    ['app.current_tenant', tenant],
    ['app.request_id', requestId],
  ]
  if (actor !== undefined) settings.push(['app.actor', actor])
  if (role !== undefined) settings.push(['role', role])
  return settings
}

/** One for each combination of settings. */
const setTexts = new Map<number, string>()

/** A statement, and the values that its first columns must have. */
interface SetStatement extends Statement {
  values: string[]
}

/**
 * The statement that sets settings and fails when the first one, the tenant, does not have its value then: what follows in the same
 * message does not run.
 */
function setOf(of: Tenant, mode: Mode): SetStatement {
  const settings = settingsOf(of)
  // It does what READ ONLY does, where there is no BEGIN.
  if (mode === 'read') settings.push(['transaction_read_only', 'on'])
  const key =
    (mode === 'read' ? 1 : 0) +
    (of.actor === undefined ? 0 : 2) +
    (of.role === undefined ? 0 : 4) +
    (of.seen === undefined ? 0 : 8)
  let text = setTexts.get(key)
  if (text === undefined) {
    const calls = settings.map(([name], index) => `pg_catalog.set_config('${name}', $${index + 1}, true)`)
    text = `select ${calls.join(', ')}, ${isSet}`
    if (of.seen !== undefined) text += `, ${isSeen(settings.length + 1)}`
    setTexts.set(key, text)
  }
  const values = settings.map(([, value]) => value)
  return { text, parameters: of.seen === undefined ? values : [...values, of.seen], values }
}

/** Begins a transaction of the context's tenant. */
export function openTenant(
  { mode, isolation }: { mode: Mode; isolation?: IsolationLevel | undefined },
  { tenantId, tenantIdType, requestId, actor }: TenantContext,
  { role, signer }: { role?: string | undefined; signer?: TenantSigner | undefined },
): Opening {
  let tenant: Tenant | undefined
  const signed = () =>
    (tenant ??= {
      tenant: signer ? signer(tenantId, { actor, requestId }) : tenantId,
      seen: signer && tenantIdType === 'text' ? tenantId : undefined,
      requestId,
      actor,
      role,
    })
  let statement: SetStatement | undefined
  const set = () => (statement ??= setOf(signed(), mode))
  const begin = beginOf(mode, isolation)
  return {
    // All clients of PGlite's socket share one session: while no transaction is open, their messages can come between ours, so BEGIN
    // and COMMIT are messages of their own.
    command: role === undefined ? undefined : begin,
    statements: () => (role === undefined ? [{ text: begin, parameters: [] }, set()] : [set()]),
    withoutBegin: role === undefined && isolation === undefined ? () => [set()] : undefined,
    endsWithQueries: role === undefined,
    guard: () => guardOf([...settingsOf(signed()), ...(actor === undefined ? [['app.actor', ''] as const] : [])]),
    confirm(results) {
      const row = results.at(-1)?.rows[0]
      if (set().values.some((value, index) => row?.[index] !== value))
        throw new TenantNotConfirmed('PostgreSQL did not confirm the tenant of this transaction')
    },
  }
}
