import { assertWholeNumber, isThisMachine } from '../text/index.ts'

/** Where an issuer publishes its keys, and how long they are used. */
export interface RemoteKeysOptions {
  /** An https URL, or http on this machine. Keys that the network could change would prove nothing. */
  readonly jwksUrl: string
  /**
   * Whether `jwksUrl` may be http on another machine, inside a network that nobody else can change, such as a cluster.
   *
   * @default false
   */
  readonly allowHttp?: boolean
  /** Called with the error of each fetch that fails. An error that it throws itself is ignored. */
  readonly onFetchError?: ((error: unknown) => void) | undefined
  /**
   * The time in milliseconds in which tokens with unknown keys cause three fetches at most, and in which a fetch that failed is
   * not repeated. A token whose key cannot be looked up until then gets 503.
   *
   * @default 10000
   */
  readonly cooldownMs?: number
  /**
   * The age in milliseconds at which keys are fetched again. Meanwhile they stay in use.
   *
   * @default 300000
   */
  readonly refreshMs?: number
  /**
   * The age in milliseconds up to which keys stay in use while the issuer is unavailable.
   *
   * @default 86400000
   */
  readonly staleMs?: number
  /**
   * The longest time in milliseconds for one answer of the issuer.
   *
   * @default 3000
   */
  readonly timeoutMs?: number
}

/**
 * Checks the options and applies the defaults.
 *
 * @throws TypeError when the URL is neither https nor on this machine, or the times contradict each other
 */
export function readRemoteOptions(options: RemoteKeysOptions) {
  const { cooldownMs = 10_000, refreshMs = 300_000, staleMs = 86_400_000, timeoutMs = 3000 } = options
  for (const [name, ms] of Object.entries({ cooldownMs, refreshMs, staleMs, timeoutMs })) assertWholeNumber(name, ms)
  if (cooldownMs > refreshMs || refreshMs > staleMs)
    throw new TypeError('cooldownMs must not exceed refreshMs, and refreshMs must not exceed staleMs')
  return { ...parseUrl(options), cooldownMs, refreshMs, staleMs, timeoutMs }
}

function parseUrl({ jwksUrl, allowHttp = false }: RemoteKeysOptions): { url: string; isLocal: boolean } {
  if (!URL.canParse(jwksUrl)) throw new TypeError('jwksUrl must be a URL')
  const { protocol, hostname, username, password, href } = new URL(jwksUrl)
  const isLocal = isThisMachine(hostname)
  if (protocol !== 'https:' && !(protocol === 'http:' && (isLocal || allowHttp)))
    throw new TypeError('jwksUrl must begin with https, or with http for localhost or with allowHttp')
  if (username || password) throw new TypeError('jwksUrl must not contain credentials: fetch() rejects them')
  return { url: href, isLocal }
}
