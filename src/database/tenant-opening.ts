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

const setTexts = new Map<string, string>()

/**
 * The statement that sets settings and fails when the first one, the tenant, does not have its value then: what follows in the same
 * message does not run.
 */
function setOf(settings: readonly Setting[]): Statement {
  const names = settings.map(([name]) => name)
  const key = names.join()
  let text = setTexts.get(key)
  if (text === undefined) {
    const calls = names.map((name, index) => `pg_catalog.set_config('${name}', $${index + 1}, true)`)
    text = `select ${calls.join(', ')}, ${isSet}`
    setTexts.set(key, text)
  }
  return { text, parameters: settings.map(([, value]) => value) }
}

/** Begins a transaction of the context's tenant. */
export function openTenant(
  { mode, isolation }: { mode: Mode; isolation?: IsolationLevel | undefined },
  { tenantId, requestId, actor }: TenantContext,
  { role, signer }: { role?: string | undefined; signer?: TenantSigner | undefined },
): Opening {
  const extra: readonly Setting[] = [
    ['app.request_id', requestId ?? ''],
    ...(actor === undefined ? [] : [['app.actor', actor] as const]),
    ...(role === undefined ? [] : [['role', role] as const]),
  ]
  const settings = once(() => [['app.current_tenant', signer ? signer(tenantId) : tenantId] as const, ...extra])
  // It does what READ ONLY does, where there is no BEGIN.
  const set = once(() =>
    setOf([...settings(), ...(mode === 'write' ? [] : [['transaction_read_only', 'on'] as const])]),
  )
  const begin = beginOf(mode, isolation)
  return {
    // All clients of PGlite's socket share one session: while no transaction is open, their messages can come between ours, so BEGIN
    // and COMMIT are messages of their own.
    command: role === undefined ? undefined : begin,
    statements: () => (role === undefined ? [{ text: begin, parameters: [] }, set()] : [set()]),
    withoutBegin: role === undefined && isolation === undefined ? () => [set()] : undefined,
    endsWithQueries: role === undefined,
    guard: () => guardOf([...settings(), ...(actor === undefined ? [['app.actor', ''] as const] : [])]),
    confirm(results) {
      if (set().parameters.some((value, index) => results.at(-1)?.rows[0]?.[index] !== value))
        throw new TenantNotConfirmed('PostgreSQL did not confirm the tenant of this transaction')
    },
  }
}

/** Creates a value when it is first used. */
function once<T extends object>(create: () => T): () => T {
  let value: T | undefined
  return () => (value ??= create())
}
