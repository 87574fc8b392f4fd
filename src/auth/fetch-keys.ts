import type { createLocalJWKSet, JSONWebKeySet } from 'jose'
import { loadJose } from './jose.ts'

/** The keys that an issuer publishes. */
export type PublishedKeys = ReturnType<typeof createLocalJWKSet>

// Bun sends even requests for localhost to the proxy of `http_proxy`, which has another localhost. Other runtimes ignore the option.
const direct: object = { proxy: false }
const bytesMax = 524_288

/**
 * Fetches a JSON Web Key Set (RFC 7517, section 5). Redirects are not followed, so keys come only from the configured URL.
 * Keys of unknown kinds are ignored, as section 5 requires.
 *
 * @param options `timeoutMs`: for the whole answer, including its body; `isLocal`: whether the issuer is on this machine
 * @throws Error when the status is not 200, the body exceeds 512 KiB, or it is not a JSON object with an array of keys
 */
export async function fetchKeys(
  url: string,
  { timeoutMs, isLocal }: { timeoutMs: number; isLocal: boolean },
): Promise<PublishedKeys> {
  const response = await fetch(url, {
    ...(isLocal ? direct : {}),
    headers: { Accept: 'application/jwk-set+json, application/json' },
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`The issuer answered with status ${response.status} instead of 200`)
  }
  const published: unknown = JSON.parse(await readText(response))
  if (!isKeySet(published)) throw new Error('The issuer answered with JSON that is not a key set')
  const { createLocalJWKSet } = await loadJose()
  // jose rejects the whole set when one entry is not an object.
  return createLocalJWKSet({
    keys: published.keys.filter((key) => typeof key === 'object' && !Array.isArray(key) && key),
  })
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  return typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys)
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  const reader = response.body?.getReader()
  for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
    bytes += read.value.length
    if (bytes > bytesMax) {
      await reader?.cancel()
      throw new Error(`The issuer's key set is larger than ${bytesMax} bytes`)
    }
    text += decoder.decode(read.value, { stream: true })
  }
  return text + decoder.decode()
}
