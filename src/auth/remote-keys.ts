import type { Context } from 'hono'
import { errors } from 'jose'
import { AuthenticationFailure } from '../context/index.ts'
import { allow, asymmetric } from './algorithms.ts'
import { fetchKeys, type PublishedKeys } from './fetch-keys.ts'
import type { KeySource } from './key-source.ts'
import { type RemoteKeysOptions, readRemoteOptions } from './remote-options.ts'

interface Attempt {
  readonly at: number
  outcome: 'pending' | 'answered' | 'failed'
  cause?: unknown
}

// While there is no key nobody is served, so the next try comes sooner.
const keylessCooldownMs = 1000

/**
 * The keys of an issuer, fetched at first use and kept; an unknown `kid` says that they were rotated (OpenID Connect Core,
 * section 10.1.1). jose's own cache gives keys up while the issuer is down, and then asks it again for every token.
 *
 * @param now milliseconds since the epoch
 * @throws TypeError when the URL is neither https nor of this machine, or the times contradict each other
 */
export function remoteKeySource(
  options: RemoteKeysOptions,
  algorithms: readonly string[] | undefined,
  now: () => number,
): KeySource {
  const { url, refreshMs, staleMs, cooldownMs, timeoutMs } = readRemoteOptions(options)
  let keys: { readonly set: PublishedKeys; readonly askedAt: number } | undefined
  let last: Attempt | undefined
  let pending: Promise<void> | undefined

  // A clock that was turned back must not make anything last longer.
  const isWithin = (at: number | undefined, ms: number) => at !== undefined && now() >= at && now() - at < ms
  const isServing = () => isWithin(keys?.askedAt, staleMs)
  const cooldown = () => (isServing() ? cooldownMs : Math.min(keylessCooldownMs, cooldownMs))
  const isCooling = () => isWithin(last?.at, cooldown())

  async function ask(): Promise<void> {
    const attempt: Attempt = { at: now(), outcome: 'pending' }
    last = attempt
    try {
      keys = { set: await fetchKeys(url, timeoutMs), askedAt: attempt.at }
      attempt.outcome = 'answered'
    } catch (cause) {
      attempt.outcome = 'failed'
      attempt.cause = cause
      throw unavailable(cause)
    }
  }

  function askTogether(): Promise<void> {
    // workerd lets no request await what another one began, and drops it when that one ends.
    if (globalThis.navigator?.userAgent === 'Cloudflare-Workers') return ask()
    pending ??= ask().finally(() => {
      pending = undefined
    })
    return pending
  }

  /** Asks for newer keys, unless that was done just now. */
  async function renew(): Promise<void> {
    if (pending || last === undefined || !isCooling()) return await askTogether()
    if (last.outcome === 'answered') return
    // Another request of a Worker is asking. Whoever has no key cannot wait for it, and asks too.
    if (last.outcome === 'pending' && !isServing()) return await askTogether()
    throw unavailable(last.cause)
  }

  /** Renews keys that have grown old, besides the request, for they still serve. */
  async function refresh(c: Context): Promise<void> {
    if (isWithin(keys?.askedAt, refreshMs) || isCooling()) return
    const isSilent = !isWithin(last?.at, 2 * refreshMs)
    const renewal = askTogether().catch(() => {
      // The next one tries again after the cooldown.
    })
    // After a silence a key may long have been removed: it must not serve once more.
    if (isSilent) await renewal
    else keepAlive(c, renewal)
  }

  function unavailable(cause: unknown): AuthenticationFailure {
    const seconds = Math.ceil(((last?.at ?? 0) + cooldown() - now()) / 1000)
    const headers = { 'Retry-After': String(Math.max(1, seconds)) }
    return new AuthenticationFailure('issuer-unavailable', 'SERVICE_UNAVAILABLE', undefined, { headers, cause })
  }

  async function look(header: Parameters<KeySource['find']>[0]): Promise<CryptoKey> {
    if (keys === undefined) throw unavailable(last?.cause)
    return await keys.set(header)
  }

  return {
    algorithms: allow(algorithms, asymmetric),
    async find(header, c) {
      if (isServing()) await refresh(c)
      else await renew()
      try {
        return await look(header)
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
        await renew()
        return await look(header)
      }
    },
  }
}

/** On Workers what a request leaves behind is dropped with it, unless this is said. Elsewhere Hono has no such context. */
function keepAlive(c: Context, work: Promise<void>): void {
  try {
    c.executionCtx.waitUntil(work)
  } catch {
    // Nothing to say it to.
  }
}
