import { createPublicKey, type KeyObject } from 'node:crypto'
import { createLocalJWKSet, type JWK } from 'jose'
import { algorithmsOfKey, allow } from './algorithms.ts'
import type { KeySource } from './key-source.ts'

const rsaBitsMin = 2048
const hmac: Record<string, { hash: string; bytesMin: number }> = {
  HS256: { hash: 'SHA-256', bytesMin: 32 },
  HS384: { hash: 'SHA-384', bytesMin: 48 },
  HS512: { hash: 'SHA-512', bytesMin: 64 },
}

/**
 * One public key that does not change while the process runs. A token's `kid` chooses nothing.
 *
 * @param text PEM (SPKI, RFC 7468, section 13), where a literal `\n` may stand for a line's end as in environment variables,
 *   or a JWK as JSON (RFC 7517)
 * @throws TypeError when it is no public key, too weak (RFC 7518, section 3.3), or not for these algorithms
 */
export function publicKeySource(text: string, algorithms: readonly string[] | undefined): KeySource {
  const jwk = parsePublicKey(text.replaceAll('\\n', '\n').trim())
  const able = algorithmsOfKey(jwk)
  if (able.length === 0) throw new TypeError('key.publicKey is of a kind that signs no tokens')
  const { kid: _, ...nameless } = jwk
  const keys = createLocalJWKSet({ keys: [nameless] })
  return { algorithms: allow(algorithms, able), find: ({ alg }) => keys({ alg }) }
}

/**
 * A secret that the issuer and this service share: both can sign with it.
 *
 * @throws TypeError when it is shorter than its hash (RFC 7518, section 3.2: 32 bytes for HS256), or a public key
 */
export function secretSource(secret: string, algorithms: readonly string[] | undefined): KeySource {
  if (secret.includes('-----BEGIN')) throw new TypeError('key.secret is a PEM: give a public key as key.publicKey')
  const allowed = allow(algorithms, Object.keys(hmac), ['HS256'])
  const bytes = new TextEncoder().encode(secret)
  const needed = Math.max(...allowed.map((algorithm) => hmac[algorithm]?.bytesMin ?? 0))
  if (bytes.length < needed) throw new TypeError(`key.secret has ${bytes.length} bytes, ${needed} are needed`)
  const imported = new Map<string, CryptoKey>()
  return {
    algorithms: allowed,
    async find({ alg }) {
      const known = imported.get(alg)
      if (known) return known
      const algorithm = { name: 'HMAC', hash: hmac[alg]?.hash ?? '' }
      const key = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['verify'])
      imported.set(alg, key)
      return key
    },
  }
}

function parsePublicKey(text: string): JWK {
  const isJson = text.startsWith('{')
  if (!isJson && !text.startsWith('-----BEGIN PUBLIC KEY-----'))
    throw new TypeError('key.publicKey is neither a PEM that begins with "-----BEGIN PUBLIC KEY-----" nor a JWK')
  let key: KeyObject
  let given: JWK = {}
  try {
    if (isJson) given = JSON.parse(text)
    key = createPublicKey(isJson ? { key: given, format: 'jwk' } : text)
  } catch {
    throw new TypeError('key.publicKey cannot be read') // without a cause: a parser's message quotes the key
  }
  if ('d' in given) throw new TypeError('key.publicKey is a private key: nobody but the issuer has it')
  if (given.use !== undefined && given.use !== 'sig') throw new TypeError('key.publicKey is not for signatures')
  const exported = key.export({ format: 'jwk' })
  const bits = 8 * Buffer.from(exported.n ?? '', 'base64url').length
  if (exported.kty === 'RSA' && bits < rsaBitsMin)
    throw new TypeError(`key.publicKey has ${bits} bits, ${rsaBitsMin} are needed`)
  return { ...exported, ...(typeof given.alg === 'string' ? { alg: given.alg } : {}) }
}
