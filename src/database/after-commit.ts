import type { TenantContext } from '../context/index.ts'
import { runInContext } from '../context/internal.ts'
import { callListener } from '../errors/internal.ts'
import type { ConnectionSource } from './connection.ts'

/** What `tx.afterCommit` registered, in its order. */
export type Hooks = readonly (() => unknown)[]

/**
 * Calls hooks in their order, in the tenant's context. The request's signal is left out of it: what follows COMMIT is done although
 * the client has disconnected. `waitUntil` gets what they return.
 *
 * @param onError gets what a hook throws or rejects with. Its own error is ignored. @default logs the name of the error
 */
export function callHooks(
  hooks: Hooks,
  { signal: _, ...context }: TenantContext,
  connections: Pick<ConnectionSource, 'waitUntil'>,
  onError: (error: unknown) => unknown = warn,
): void {
  const call = async (hook: () => unknown) => {
    try {
      await hook()
    } catch (error) {
      callListener(() => onError(error))
    }
  }
  const called = runInContext(context, () => hooks.map(call))
  connections.waitUntil?.(Promise.all(called).then(() => {}))
}

/** The message of an error can contain values. */
function warn(error: unknown): void {
  // biome-ignore lint/suspicious/noConsole: without the option nobody else could tell
  console.error(`A function of tx.afterCommit failed: ${error instanceof Error ? error.name : typeof error}`)
}
