import type { Context } from 'hono'
import type { errors, JWTPayload, JWTVerifyOptions } from 'jose'
import { LRUCache } from 'lru-cache'
import type { Authentication, Identity } from '../context/index.ts'
import { assertWholeNumber } from '../text/index.ts'
import { readBearer } from './bearer.ts'
import { createClaimReader } from './claims.ts'
import { publicKeySource, secretSource } from './fixed-keys.ts'
import { joseCode, loadJose } from './jose.ts'
import type { KeySource } from './key-source.ts'
import { remoteKeySource } from './remote-keys.ts'
import type { RemoteKeysOptions } from './remote-options.ts'
import { createTenantReader, type TenantClaims } from './tenant-claims.ts'
import { challengeOf, toTokenError } from './token-errors.ts'

/** The keys that verify tokens: those that an issuer publishes, one public key (PEM or JWK), or a shared secret. */
export type JwtKey = RemoteKeysOptions | { readonly publicKey: string } | { readonly secret: string }

export interface JwtOptions {
  readonly key: JwtKey
  /**
   * The algorithms that tokens may be signed with.
   *
   * @default those that a public key can verify, or HS256 with a secret
   */
  readonly algorithms?: readonly string[] | undefined
  /** Accepted issuers, compared with the claim `iss`. */
  readonly issuer: string | readonly string[]
  /** Accepted audiences, compared with the claim `aud`. `'any'` accepts tokens that were issued for other services too. */
  readonly audience: string | readonly string[]
  /**
   * How far the issuer's clock may differ, in seconds.
   *
   * @default 30
   */
  readonly clockSkewSeconds?: number
  /**
   * Where a token names the caller's tenants, and the caller's roles in them: the name of a claim with ids, one or more claims, or a
   * function of the claims. A function that throws, or returns something else, makes the token invalid.
   *
   * @default 'tenant_id'
   */
  readonly tenants?: TenantClaims | undefined
  /**
   * How long a verified token is accepted again without verification, in milliseconds, but never beyond its expiry. A token
   * of a removed key stays valid for `refreshMs` and this time at most. 0 verifies every token.
   *
   * @default 60000
   */
  readonly rememberMs?: number
  /**
   * The protection space that the challenge names (RFC 9110, section 11.5).
   *
   * @default 'rowhouse'
   */
  readonly realm?: string
  /**
   * The clock, in milliseconds since the epoch.
   *
   * @default Date.now
   */
  readonly now?: () => number
}

// Tokens have a kilobyte or two, so these take a few megabytes at most.
const rememberedMax = 2000

// Each key that is tried for a token without a `kid` costs a verification.
const triesMax = 16

/**
 * Authenticates callers by their bearer token, a signed JWT (RFC 6750, RFC 7519), verified as RFC 8725 advises. A token must
 * have the claims `exp`, `sub`, which becomes the actor, and a tenant. A new `kid` makes the issuer's keys be fetched
 * again; an issuer whose keys have no `kid` is fetched again after `refreshMs`.
 *
 * `verify` throws AuthenticationFailure: UNAUTHORIZED for a missing or invalid token, BAD_REQUEST for two tokens, FORBIDDEN
 * for a token without a tenant, SERVICE_UNAVAILABLE while the issuer's keys are unavailable, or for an unknown `kid` after too many
 * fetches.
 *
 * @throws TypeError when the options are invalid or unsafe, such as a weak key, or HS256 with a public key
 * @example
 * const auth = jwt({
 *   key: { jwksUrl: 'https://issuer.example/.well-known/jwks.json' },
 *   issuer: 'https://issuer.example/',
 *   audience: 'https://api.example',
 *   tenants: { claim: 'org_id', yields: 'externalId', roles: 'role' },
 * })
 * app.use('/tasks/*', tenant({ from: claim(), auth, directory }))
 */
export function jwt(options: JwtOptions): Authentication {
  const { clockSkewSeconds = 30, tenants = 'tenant_id', realm = 'rowhouse', now = Date.now } = options
  if (!/^[\w .:/-]+$/.test(realm))
    throw new TypeError(`realm must consist of letters, digits, blanks and . : / _ - (got "${realm}")`)
  const { rememberMs = 60_000 } = options
  assertWholeNumber('clockSkewSeconds', clockSkewSeconds, 0, 3600)
  assertWholeNumber('rememberMs', rememberMs, 0)
  const remembered = new LRUCache<string, VerifiedToken>({ max: rememberedMax })
  const { read, yields } = createTenantReader(tenants)
  const readClaims = createClaimReader(realm, read)
  const keys = createKeySource(options, now)
  const jose = loadJose()
  const expected: JWTVerifyOptions = {
    algorithms: keys.algorithms,
    issuer: asList('issuer', options.issuer),
    ...(options.audience === 'any' ? {} : { audience: asList('audience', options.audience) }),
    clockTolerance: clockSkewSeconds,
    requiredClaims: ['exp'],
  }

  async function verifyToken(token: string, c: Context): Promise<JWTPayload> {
    const checks = { ...expected, currentDate: new Date(now()) }
    const { jwtVerify } = await jose
    try {
      return (await jwtVerify(token, (header) => keys.find(header, c), checks)).payload
    } catch (error) {
      if (joseCode(error) !== 'ERR_JWKS_MULTIPLE_MATCHING_KEYS') throw error
      return await tryEach(error as errors.JWKSMultipleMatchingKeys, token, checks) // its code says so
    }
  }

  return {
    vary: ['Authorization'],
    credential: {
      label: 'Authorization',
      challenge: challengeOf(realm),
      isIn: (c) => c.req.header('Authorization') !== undefined,
    },
    yields,
    async verify(c) {
      const token = readBearer(c, realm)
      const time = now()
      const verified = remembered.get(token)
      if (verified && verified.from <= time && time < verified.until) return verified.identity
      await jose // outside of the try: a missing package says nothing about the token
      try {
        const payload = await verifyToken(token, c)
        const identity = readClaims(payload)
        const expires = ((payload.exp ?? 0) + clockSkewSeconds) * 1000
        if (rememberMs > 0) remembered.set(token, { identity, from: time, until: Math.min(time + rememberMs, expires) })
        return identity
      } catch (error) {
        throw toTokenError(realm, error)
      }
    },
  }
}

/** The result of a verification, and when it is valid, in milliseconds since the epoch. */
interface VerifiedToken {
  identity: Identity
  /** With this, a clock that was set back does not extend the time. */
  from: number
  until: number
}

/** Verifies a token without a `kid`, for which several keys match, with one key after the other. */
async function tryEach(keys: AsyncIterable<CryptoKey>, token: string, checks: JWTVerifyOptions): Promise<JWTPayload> {
  const { jwtVerify, errors } = await loadJose()
  let tries = 0
  for await (const key of keys) {
    if (++tries > triesMax) break
    try {
      return (await jwtVerify(token, key, checks)).payload
    } catch (error) {
      // An unusable key throws an error that is not jose's: the next key is tried.
      if (![undefined, 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'].includes(joseCode(error))) throw error
    }
  }
  throw new errors.JWSSignatureVerificationFailed()
}

function createKeySource({ key, algorithms }: JwtOptions, now: () => number): KeySource {
  const given: Partial<Record<'jwksUrl' | 'publicKey' | 'secret', unknown>> = key
  if ([given.jwksUrl, given.publicKey, given.secret].filter((one) => one !== undefined).length !== 1)
    throw new TypeError('key must have exactly one of jwksUrl, publicKey and secret')
  if ('jwksUrl' in key) return remoteKeySource(key, algorithms, now)
  if ('publicKey' in key) return publicKeySource(key.publicKey, algorithms)
  return secretSource(key.secret, algorithms)
}

function asList(name: string, value: string | readonly string[]): string[] {
  const list = Array.isArray(value) ? value : [value]
  if (list.length === 0 || !list.every((one) => typeof one === 'string' && one !== ''))
    throw new TypeError(`jwt() needs ${name}: the accepted values of the claim, as a text or a list of texts`)
  return list
}
