import { createPublicKey, type KeyObject } from 'node:crypto'
import type { JWK } from 'jose'
import { algorithmsOfKey, allowedAlgorithms } from './algorithms.ts'
import { loadJose } from './jose.ts'
import type { KeySource } from './key-source.ts'

const rsaBitsMin = 2048
const hmac: Record<string, { hash: string; bytesMin: number }> = {
  HS256: { hash: 'SHA-256', bytesMin: 32 },
  HS384: { hash: 'SHA-384', bytesMin: 48 },
  HS512: { hash: 'SHA-512', bytesMin: 64 },
}

/**
 * Creates a source with one public key, whatever the `kid` of a token is.
 *
 * @param text PEM (SPKI, RFC 7468, section 13), where a literal `\n` may replace a line break as in environment variables,
 *   or a JWK as JSON (RFC 7517)
 * @throws TypeError when it is not a public key, is too weak (RFC 7518, section 3.3), or does not fit the algorithms
 */
export function publicKeySource(text: string, algorithms: readonly string[] | undefined): KeySource {
  const jwk = parsePublicKey(text.replaceAll('\\n', '\n').trim())
  const supported = algorithmsOfKey(jwk)
  if (supported.length === 0) throw new TypeError('key.publicKey must be a key for signatures: RSA, EC or Ed25519')
  const { kid: _, ...withoutKid } = jwk
  const keys = once(async () => (await loadJose()).createLocalJWKSet({ keys: [withoutKid] }))
  return { algorithms: allowedAlgorithms(algorithms, supported), find: async ({ alg }) => (await keys())({ alg }) }
}

/**
 * Creates a source with a secret that the issuer and this service share. Both can sign with it.
 *
 * @throws TypeError when it is shorter than its hash (RFC 7518, section 3.2: 32 bytes for HS256), or a PEM
 */
export function secretSource(secret: string, algorithms: readonly string[] | undefined): KeySource {
  if (secret.includes('-----BEGIN'))
    throw new TypeError('key.secret must not be a PEM: pass a public key as key.publicKey')
  const allowed = allowedAlgorithms(algorithms, Object.keys(hmac), ['HS256'])
  const bytes = new TextEncoder().encode(secret)
  const bytesMin = Math.max(...allowed.map((algorithm) => hmac[algorithm]?.bytesMin ?? 0))
  if (bytes.length < bytesMin)
    throw new TypeError(`key.secret must have at least ${bytesMin} bytes (got ${bytes.length})`)
  const imported = new Map<string, CryptoKey>()
  return {
    algorithms: allowed,
    async find({ alg }) {
      const existing = imported.get(alg)
      if (existing) return existing
      const algorithm = { name: 'HMAC', hash: hmac[alg]?.hash ?? '' }
      const key = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['verify'])
      imported.set(alg, key)
      return key
    },
  }
}

/** Calls a function at most once: at the first call. */
function once<T>(create: () => T): () => T {
  let created: { value: T } | undefined
  return () => {
    created ??= { value: create() }
    return created.value
  }
}

function parsePublicKey(text: string): JWK {
  const isJson = text.startsWith('{')
  if (!isJson && !text.startsWith('-----BEGIN PUBLIC KEY-----'))
    throw new TypeError('key.publicKey must be a PEM that begins with "-----BEGIN PUBLIC KEY-----", or a JWK')
  let key: KeyObject
  let given: JWK = {}
  try {
    if (isJson) given = JSON.parse(text)
    key = createPublicKey(isJson ? { key: given, format: 'jwk' } : text)
  } catch {
    throw new TypeError('key.publicKey cannot be parsed') // without a cause: a parser's message quotes the key
  }
  if ('d' in given) throw new TypeError('key.publicKey must not be a private key: only the issuer may have that')
  if (given.use !== undefined && given.use !== 'sig') throw new TypeError('key.publicKey must have the use "sig"')
  const exported = key.export({ format: 'jwk' })
  const bits = 8 * Buffer.from(exported.n ?? '', 'base64url').length
  if (exported.kty === 'RSA' && bits < rsaBitsMin)
    throw new TypeError(`key.publicKey must have at least ${rsaBitsMin} bits (got ${bits})`)
  return { ...exported, ...(typeof given.alg === 'string' ? { alg: given.alg } : {}) }
}
