import type { Context } from 'hono'
import { AuthenticationFailure } from '../context/index.ts'
import { requestsCanShareWork } from '../context/internal.ts'
import { allowedAlgorithms, asymmetricAlgorithms } from './algorithms.ts'
import { fetchKeys, type PublishedKeys } from './fetch-keys.ts'
import { joseCode } from './jose.ts'
import type { KeySource } from './key-source.ts'
import { type RemoteKeysOptions, readRemoteOptions } from './remote-options.ts'

interface FetchAttempt {
  /** 1 for the first attempt. */
  readonly number: number
  readonly startedAt: number
  outcome: 'pending' | 'succeeded' | 'failed'
  cause?: unknown
}

// Shorter than the configured cooldown: without keys, every request fails.
const cooldownWithoutKeysMs = 1000
// More than one: a token with a made-up kid must not use up the fetch that a new key needs.
const fetchesPerCooldown = 3

/**
 * Creates a source with the keys of an issuer, fetched at first use and kept. A token with an unknown `kid` makes them be
 * fetched again, because it may belong to a rotated key (OpenID Connect Core, section 10.1.1). When no fetch is possible yet, the
 * token gets a 503, because a 401 would make its client discard it. jose's own cache drops the keys while the issuer is
 * unavailable, and then fetches them for every token.
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
  let keys: { readonly find: PublishedKeys; readonly fetchedAt: number; readonly attempt: number } | undefined
  let last: FetchAttempt | undefined
  let starts: readonly number[] = []
  let pending: Promise<void> | undefined

  // A clock that was set back must not extend a time.
  const isWithin = (start: number | undefined, ms: number) =>
    start !== undefined && now() >= start && now() - start < ms
  const hasUsableKeys = () => isWithin(keys?.fetchedAt, staleMs)
  const cooldown = () => (hasUsableKeys() ? cooldownMs : Math.min(cooldownWithoutKeysMs, cooldownMs))
  const isCoolingDown = () => isWithin(last?.startedAt, cooldown())

  /** The time until which tokens cause no fetch, in milliseconds since the epoch; undefined when they may. */
  function pausedUntil(): number | undefined {
    // Without usable keys every request fails, so only a fetch that failed makes a pause.
    const spent = hasUsableKeys() ? starts.at(-fetchesPerCooldown) : undefined
    const since = last?.outcome === 'failed' ? last.startedAt : spent
    return since !== undefined && isWithin(since, cooldown()) ? since + cooldown() : undefined
  }

  async function fetchNow(): Promise<void> {
    const attempt: FetchAttempt = { number: (last?.number ?? 0) + 1, startedAt: now(), outcome: 'pending' }
    last = attempt
    starts = [...starts, attempt.startedAt].slice(-fetchesPerCooldown)
    try {
      const find = await fetchKeys(url, { timeoutMs, isLocal })
      attempt.outcome = 'succeeded'
      // On workerd an earlier attempt can end later.
      if (keys === undefined || keys.attempt < attempt.number)
        keys = { find, fetchedAt: attempt.startedAt, attempt: attempt.number }
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

  /** Fetches newer keys, unless the budget is spent or the last fetch has just failed. */
  async function renew(): Promise<void> {
    if (pending || pausedUntil() === undefined) return await fetchShared()
    throw unavailable(last?.cause)
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
    const seconds = Math.ceil(((pausedUntil() ?? 0) - now()) / 1000)
    const headers = { 'Retry-After': String(Math.max(1, seconds)) }
    // Without a cause the issuer answers, and its keys were fetched as often as they may be.
    const reason = cause === undefined ? 'unknown-key' : 'issuer-unavailable'
    return new AuthenticationFailure(reason, 'SERVICE_UNAVAILABLE', undefined, { headers, cause })
  }

  return {
    algorithms: allowedAlgorithms(algorithms, asymmetricAlgorithms),
    async find(header, c) {
      const earlier = last?.number ?? 0
      if (hasUsableKeys()) await refresh(c)
      else await renew()
      for (;;) {
        const searched = keys
        if (searched === undefined) throw unavailable(last?.cause)
        try {
          return await searched.find(header)
        } catch (error) {
          // Keys that were already on their way when the token arrived may be older than the token's key.
          const isCertain = searched.attempt > earlier || !canMatch(header.kid)
          if (joseCode(error) !== 'ERR_JWKS_NO_MATCHING_KEY' || isCertain) throw error
          await renew()
        }
      }
    },
  }
}

/** A kid is a string (RFC 7515, section 4.1.4). An unverified token can contain anything. */
const canMatch = (kid: unknown): boolean => kid === undefined || typeof kid === 'string'

/** Lets work outlive its request on workerd. */
function keepAlive(c: Context, work: Promise<void>): void {
  try {
    c.executionCtx.waitUntil(work)
  } catch {
    // Only workerd has an execution context; elsewhere Hono throws.
  }
}
