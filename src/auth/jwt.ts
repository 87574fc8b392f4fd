import type { Context } from 'hono'
import { errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import type { Authentication, Identity } from '../context/index.ts'
import { readBearer } from './bearer.ts'
import { createClaimReader } from './claims.ts'
import { publicKeySource, secretSource } from './fixed-keys.ts'
import type { KeySource } from './key-source.ts'
import { toRefusal } from './refusals.ts'
import { remoteKeySource } from './remote-keys.ts'
import type { RemoteKeysOptions } from './remote-options.ts'

/** What verifies tokens: the keys that an issuer publishes, one public key (PEM or JWK), or a shared secret. */
export type JwtKey = RemoteKeysOptions | { readonly publicKey: string } | { readonly secret: string }

export interface JwtOptions {
  readonly key: JwtKey
  /** What tokens may be signed with; unless told, whatever a public key can verify, and HS256 with a secret. */
  readonly algorithms?: readonly string[] | undefined
  /** Who issues the tokens: their `iss`, one of these. */
  readonly issuer: string | readonly string[]
  /** Whom the tokens are for: their `aud`, one of these. Undefined believes tokens that were issued for other services too. */
  readonly audience: string | readonly string[] | undefined
  /** How far the issuer's clock may be off; 30 unless told. */
  readonly clockSkewSeconds?: number
  /** The claim that names the tenant or the tenants; a JSON pointer (RFC 6901) when it begins with `/`. `tenant_id` unless told. */
  readonly tenantClaim?: string
  /**
   * How long a token that was verified is believed without verifying it again, and so how much longer than `refreshMs` one of a
   * removed key may hold; 60,000 milliseconds unless told, 0 for not at all. Its expiry counts all the same.
   */
  readonly rememberMs?: number
  /** What the challenge calls the protected space (RFC 9110, section 11.5); `rowhouse` unless told. */
  readonly realm?: string
  /** Milliseconds since the epoch; the system's clock unless told. */
  readonly now?: () => number
}

// Of whom many tokens are in use at a time verify the rest anew: so many tokens of a kilobyte or two are a few megabytes.
const rememberedMax = 2000

// How many keys a token without a `kid` is tried with: each costs a verification.
const triesMax = 16

/**
 * Believes callers by their bearer token, a signed JWT (RFC 6750, RFC 7519), verified as RFC 8725 advises. A token has to say
 * `exp`, `sub`, which becomes the actor, and the tenants it is for. Rotated keys are found by a new `kid`; an issuer that
 * publishes keys without one is asked again after `refreshMs` only.
 *
 * `verify` throws AuthenticationFailure: UNAUTHORIZED without a token and for one that is not believed, BAD_REQUEST for two, FORBIDDEN
 * for one that names no tenant, SERVICE_UNAVAILABLE when the issuer's keys cannot be had.
 *
 * @throws TypeError when the options cannot work or are not safe: a key that is none or too weak, HS256 with a public key
 * @example
 * const auth = jwt({
 *   key: { jwksUrl: 'https://issuer.example/.well-known/jwks.json' },
 *   issuer: 'https://issuer.example/',
 *   audience: 'https://api.example',
 * })
 * app.use('/tasks/*', tenant({ from: header('X-Tenant-Id'), auth }))
 */
export function jwt(options: JwtOptions): Authentication {
  const { clockSkewSeconds = 30, tenantClaim = 'tenant_id', realm = 'rowhouse', now = Date.now } = options
  if (!/^[\w .:/-]+$/.test(realm)) throw new TypeError('realm may hold letters, digits, blanks and . : / _ - alone')
  if (!(clockSkewSeconds >= 0 && clockSkewSeconds <= 3600)) throw new TypeError('clockSkewSeconds goes from 0 to 3600')
  const { rememberMs = 60_000 } = options
  const remembered = new LRUCache<string, Verified>({ max: rememberedMax })
  const readClaims = createClaimReader(realm, tenantClaim)
  const keys = createKeySource(options, now)
  const expected: JWTVerifyOptions = {
    algorithms: keys.algorithms,
    issuer: asList('issuer', options.issuer),
    ...(options.audience === undefined ? {} : { audience: asList('audience', options.audience) }),
    clockTolerance: clockSkewSeconds,
    requiredClaims: ['exp'],
  }

  async function verifyToken(token: string, c: Context): Promise<JWTPayload> {
    const checks = { ...expected, currentDate: new Date(now()) }
    try {
      return (await jwtVerify(token, (header) => keys.find(header, c), checks)).payload
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
      return await tryEach(error, token, checks)
    }
  }

  return {
    vary: ['Authorization'],
    async verify(c) {
      const token = readBearer(c, realm)
      const at = now()
      const known = remembered.get(token)
      if (known && known.from <= at && at < known.until) return known.identity
      try {
        const payload = await verifyToken(token, c)
        const identity = readClaims(payload)
        const expires = ((payload.exp ?? 0) + clockSkewSeconds) * 1000
        remembered.set(token, { identity, from: at, until: Math.min(at + rememberMs, expires) })
        return identity
      } catch (error) {
        throw toRefusal(realm, error)
      }
    },
  }
}

/** What a token said when it was verified, and when that holds: a clock that is turned back forgets it. */
interface Verified {
  identity: Identity
  from: number
  until: number
}

/** Without a `kid` several keys may be meant; what the right one says of the token counts. */
async function tryEach(keys: AsyncIterable<CryptoKey>, token: string, checks: JWTVerifyOptions): Promise<JWTPayload> {
  let tries = 0
  for await (const key of keys) {
    if (++tries > triesMax) break
    try {
      return (await jwtVerify(token, key, checks)).payload
    } catch (error) {
      // A key that cannot be used at all throws what is not jose's.
      if (error instanceof errors.JOSEError && !(error instanceof errors.JWSSignatureVerificationFailed)) throw error
    }
  }
  throw new errors.JWSSignatureVerificationFailed()
}

function createKeySource({ key, algorithms }: JwtOptions, now: () => number): KeySource {
  const given: Partial<Record<'jwksUrl' | 'publicKey' | 'secret', unknown>> = key
  if ([given.jwksUrl, given.publicKey, given.secret].filter((one) => one !== undefined).length !== 1)
    throw new TypeError('key takes exactly one of jwksUrl, publicKey and secret')
  if ('jwksUrl' in key) return remoteKeySource(key, algorithms, now)
  if ('publicKey' in key) return publicKeySource(key.publicKey, algorithms)
  return secretSource(key.secret, algorithms)
}

function asList(name: string, value: string | readonly string[]): string[] {
  const list = typeof value === 'string' ? [value] : [...value]
  if (list.length === 0 || list.includes('')) throw new TypeError(`${name} is empty`)
  return list
}
