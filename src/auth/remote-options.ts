/** Where an issuer publishes its keys, and how long they are believed. */
export interface RemoteKeysOptions {
  /** https, or http to this machine: what the network can change verifies nothing. */
  readonly jwksUrl: string
  /** The least time between two fetches, whatever tokens arrive; 10,000 unless told. */
  readonly cooldownMs?: number
  /** When keys are fetched anew, while they go on serving; 300,000 unless told. */
  readonly refreshMs?: number
  /** How long keys serve while the issuer does not answer; 86,400,000 unless told. */
  readonly staleMs?: number
  /** How long the issuer may take for an answer; 3,000 unless told. */
  readonly timeoutMs?: number
}

/**
 * Checks the options and fills in what they leave out.
 *
 * @throws TypeError when the URL is neither https nor of this machine, or the times contradict each other
 */
export function readRemoteOptions(options: RemoteKeysOptions) {
  const { cooldownMs = 10_000, refreshMs = 300_000, staleMs = 86_400_000, timeoutMs = 3000 } = options
  if (![cooldownMs, refreshMs, staleMs, timeoutMs].every((ms) => Number.isSafeInteger(ms) && ms > 0))
    throw new TypeError('cooldownMs, refreshMs, staleMs and timeoutMs are whole numbers above 0')
  if (cooldownMs > refreshMs || refreshMs > staleMs)
    throw new TypeError('cooldownMs may not exceed refreshMs, nor that staleMs')
  return { url: parseUrl(options.jwksUrl), cooldownMs, refreshMs, staleMs, timeoutMs }
}

function parseUrl(text: string): string {
  if (!URL.canParse(text)) throw new TypeError('jwksUrl is not a URL')
  const { protocol, hostname, username, password, href } = new URL(text)
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  if (protocol !== 'https:' && !(protocol === 'http:' && isHere))
    throw new TypeError('jwksUrl must be https, or http to localhost')
  if (username || password) throw new TypeError('jwksUrl must not hold credentials: fetch refuses them')
  return href
}
