import { createLocalJWKSet, type JSONWebKeySet } from 'jose'

/** Keys that an issuer has published. */
export type PublishedKeys = ReturnType<typeof createLocalJWKSet>

const bytesMax = 524_288

/**
 * Fetches a JSON Web Key Set (RFC 7517, section 5). Redirects are not followed: keys come from where the options say or from
 * nowhere. Keys of unknown kinds are passed over, as section 5 wants.
 *
 * @param timeoutMs for the whole answer, its body included
 * @throws Error when there is no such answer: another status than 200, more than 512 KiB, no JSON, no array of keys
 */
export async function fetchKeys(url: string, timeoutMs: number): Promise<PublishedKeys> {
  const response = await fetch(url, {
    headers: { Accept: 'application/jwk-set+json, application/json' },
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`The issuer answered ${response.status}`)
  }
  const published: unknown = JSON.parse(await readText(response))
  if (!isKeySet(published)) throw new Error('The issuer sent no key set')
  // jose refuses a whole set for one entry that is no object.
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
      throw new Error(`The issuer sent more than ${bytesMax} bytes`)
    }
    text += decoder.decode(read.value, { stream: true })
  }
  return text + decoder.decode()
}
