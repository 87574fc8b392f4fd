/** Where an issuer publishes its keys, and how long they are used. */
export interface RemoteKeysOptions {
  /** An https URL, or http on this machine. Keys that the network could change would prove nothing. */
  readonly jwksUrl: string
  /**
   * The shortest time between two fetches in milliseconds, whatever tokens arrive.
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
  if (![cooldownMs, refreshMs, staleMs, timeoutMs].every((ms) => Number.isSafeInteger(ms) && ms > 0))
    throw new TypeError('cooldownMs, refreshMs, staleMs and timeoutMs must be whole numbers of at least 1')
  if (cooldownMs > refreshMs || refreshMs > staleMs)
    throw new TypeError('cooldownMs must not exceed refreshMs, and refreshMs must not exceed staleMs')
  return { url: parseUrl(options.jwksUrl), cooldownMs, refreshMs, staleMs, timeoutMs }
}

function parseUrl(text: string): string {
  if (!URL.canParse(text)) throw new TypeError('jwksUrl must be a URL')
  const { protocol, hostname, username, password, href } = new URL(text)
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  if (protocol !== 'https:' && !(protocol === 'http:' && isLocal))
    throw new TypeError('jwksUrl must begin with https, or with http for localhost')
  if (username || password) throw new TypeError('jwksUrl must not contain credentials: fetch() rejects them')
  return href
}
