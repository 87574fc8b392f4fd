import type { TenantContext } from '../context/index.ts'
import { guardOf, type Setting } from './settings-guard.ts'
import type { TenantSigner } from './signed-context.ts'
import { beginRead, SettingsNotConfirmed } from './transaction.ts'
import type { Opening } from './transaction-handle.ts'

export type Mode = 'read' | 'readAtOnce' | 'write'

/** PostgreSQL did not confirm the tenant of a transaction. The work got no rows, and the connection is destroyed. */
export class TenantNotConfirmed extends SettingsNotConfirmed {
  override readonly name = 'TenantNotConfirmed'
}

const begin = { read: beginRead, readAtOnce: beginRead, write: 'begin' }
const commit = { text: 'commit', parameters: [] }

/** For each number of settings, the statement that sets them. */
const setText = [0, 1, 2, 3, 4].map((count) => {
  const calls = Array.from({ length: count }, (_, index) => `set_config($${2 * index + 1}, $${2 * index + 2}, true)`)
  return `select ${calls.join(', ')}`
})

/** Begins a transaction of the context's tenant. */
export function openTenant(
  mode: Mode,
  { tenantId, requestId, actor }: TenantContext,
  { role, signer }: { role?: string | undefined; signer?: TenantSigner | undefined },
): Opening {
  const settings: readonly Setting[] = [
    ['app.current_tenant', signer ? signer(tenantId) : tenantId],
    ['app.request_id', requestId ?? ''],
    ...(actor === undefined ? [] : [['app.actor', actor] as const]),
    ...(role === undefined ? [] : [['role', role] as const]),
  ]
  const set = { text: setText[settings.length] ?? '', parameters: settings.flat() }
  return {
    // All clients of PGlite's socket share one session: until a transaction is open, their messages can come between ours,
    // so BEGIN is one message.
    ...(role === undefined
      ? {
          command: undefined,
          statements: [{ text: begin[mode], parameters: [] }, set],
          commit: mode === 'readAtOnce' ? commit : undefined,
        }
      : { command: begin[mode], statements: [set], commit: undefined }),
    guard: guardOf([...settings, ...(actor === undefined ? [['app.actor', ''] as const] : [])]),
    confirm(results) {
      if (settings.some(([, value], index) => results.at(-1)?.rows[0]?.[index] !== value))
        throw new TenantNotConfirmed('PostgreSQL did not confirm the tenant of this transaction')
    },
  }
}
