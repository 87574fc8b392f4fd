import type { Context } from 'hono'
import { errors } from 'jose'
import { AuthenticationFailure } from '../context/index.ts'
import { requestsCanShareWork } from '../context/internal.ts'
import { allowedAlgorithms, asymmetricAlgorithms } from './algorithms.ts'
import { fetchKeys, type PublishedKeys } from './fetch-keys.ts'
import type { KeySource } from './key-source.ts'
import { type RemoteKeysOptions, readRemoteOptions } from './remote-options.ts'

interface FetchAttempt {
  readonly startedAt: number
  outcome: 'pending' | 'succeeded' | 'failed'
  cause?: unknown
}

// Shorter than the configured cooldown: without keys, every request fails.
const cooldownWithoutKeysMs = 1000

/**
 * Creates a source with the keys of an issuer, fetched at first use and kept. A token with an unknown `kid` makes them be
 * fetched again, because it may belong to a rotated key (OpenID Connect Core, section 10.1.1). jose's own cache drops the keys
 * while the issuer is unavailable, and then fetches them for every token.
 *
 * @param now the clock, in milliseconds since the epoch
 * @throws TypeError when the URL is neither https nor on this machine, or the times contradict each other
 */
export function remoteKeySource(
  options: RemoteKeysOptions,
  algorithms: readonly string[] | undefined,
  now: () => number,
): KeySource {
  const { url, isLocal, refreshMs, staleMs, cooldownMs, timeoutMs } = readRemoteOptions(options)
  let keys: { readonly find: PublishedKeys; readonly fetchedAt: number } | undefined
  let last: FetchAttempt | undefined
  let pending: Promise<void> | undefined

  // A clock that was set back must not extend a time.
  const isWithin = (start: number | undefined, ms: number) =>
    start !== undefined && now() >= start && now() - start < ms
  const hasUsableKeys = () => isWithin(keys?.fetchedAt, staleMs)
  const cooldown = () => (hasUsableKeys() ? cooldownMs : Math.min(cooldownWithoutKeysMs, cooldownMs))
  const isCoolingDown = () => isWithin(last?.startedAt, cooldown())

  async function fetchNow(): Promise<void> {
    const attempt: FetchAttempt = { startedAt: now(), outcome: 'pending' }
    last = attempt
    try {
      keys = { find: await fetchKeys(url, { timeoutMs, isLocal }), fetchedAt: attempt.startedAt }
      attempt.outcome = 'succeeded'
    } catch (cause) {
      attempt.outcome = 'failed'
      attempt.cause = cause
      reportError(cause)
      throw unavailable(cause)
    }
  }

  function reportError(cause: unknown): void {
    try {
      options.onFetchError?.(cause)
    } catch {
      // The listener decides nothing, so its own error must not fail the request.
    }
  }

  /** Fetches the keys once for all requests that wait for them. */
  function fetchShared(): Promise<void> {
    if (!requestsCanShareWork()) return fetchNow()
    pending ??= fetchNow().finally(() => {
      pending = undefined
    })
    return pending
  }

  /** Fetches newer keys, except during the cooldown. */
  async function renew(): Promise<void> {
    if (pending || last === undefined || !isCoolingDown()) return await fetchShared()
    if (last.outcome === 'succeeded') return
    // On workerd: another request is fetching, and this one must not await it.
    if (last.outcome === 'pending' && !hasUsableKeys()) return await fetchShared()
    throw unavailable(last.cause)
  }

  /** Fetches keys again after `refreshMs`, in the background while the present ones stay in use. */
  async function refresh(c: Context): Promise<void> {
    if (isWithin(keys?.fetchedAt, refreshMs) || isCoolingDown()) return
    const isFirstInLongTime = !isWithin(last?.startedAt, 2 * refreshMs)
    const renewal = fetchShared().catch(() => {
      // A later request tries again after the cooldown.
    })
    // Waits after a long time without requests: the issuer may have removed a key long ago.
    if (isFirstInLongTime) await renewal
    else keepAlive(c, renewal)
  }

  function unavailable(cause: unknown): AuthenticationFailure {
    const seconds = Math.ceil(((last?.startedAt ?? 0) + cooldown() - now()) / 1000)
    const headers = { 'Retry-After': String(Math.max(1, seconds)) }
    return new AuthenticationFailure('issuer-unavailable', 'SERVICE_UNAVAILABLE', undefined, { headers, cause })
  }

  async function findFetched(header: Parameters<KeySource['find']>[0]): Promise<CryptoKey> {
    if (keys === undefined) throw unavailable(last?.cause)
    return await keys.find(header)
  }

  return {
    algorithms: allowedAlgorithms(algorithms, asymmetricAlgorithms),
    async find(header, c) {
      if (hasUsableKeys()) await refresh(c)
      else await renew()
      try {
        return await findFetched(header)
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
        await renew()
        return await findFetched(header)
      }
    },
  }
}

/** Lets work outlive its request on workerd. */
function keepAlive(c: Context, work: Promise<void>): void {
  try {
    c.executionCtx.waitUntil(work)
  } catch {
    // Only workerd has an execution context; elsewhere Hono throws.
  }
}
