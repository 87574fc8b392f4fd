import { errors } from 'jose'
import { AuthenticationFailure, type AuthenticationFailureReason } from '../context/index.ts'
import { ApiError } from '../errors/index.ts'

/** All that a client hears of its token: whoever forges one learns nothing from the difference between two answers. */
const texts = {
  expired: 'The token has expired',
  early: 'The token is not valid yet',
  elsewhere: 'The token is not meant for this service',
  unverifiable: 'The token cannot be verified',
}

// jose's codes are stable, its messages are not. Whatever has no code here is a key of the issuer that cannot be used.
const reasons: Record<string, AuthenticationFailureReason> = {
  ERR_JOSE_ALG_NOT_ALLOWED: 'wrong-algorithm',
  ERR_JOSE_NOT_SUPPORTED: 'malformed-token',
  ERR_JWS_INVALID: 'malformed-token',
  ERR_JWT_INVALID: 'malformed-token',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'bad-signature',
  ERR_JWKS_NO_MATCHING_KEY: 'unknown-key',
  ERR_JWT_CLAIM_VALIDATION_FAILED: 'wrong-claim',
}

/** 401 for a request that brings no token: a challenge without an error (RFC 6750, section 3.1). */
export function noToken(realm: string): AuthenticationFailure {
  return new AuthenticationFailure('no-token', 'UNAUTHORIZED', 'A bearer token is required', {
    headers: { 'WWW-Authenticate': `Bearer realm="${realm}"` },
  })
}

/** 400 for a request that brings two tokens: which of them counts must not depend on who reads them (RFC 6750, section 3.1). */
export function repeatedToken(realm: string): AuthenticationFailure {
  return withChallenge(realm, 'malformed-token', 'BAD_REQUEST', 'invalid_request', 'Send one Authorization header')
}

/**
 * 401 for a token that is not believed.
 *
 * @param reason for events and logs; the client hears of it no more than {@link texts} say
 */
export function invalidToken(
  realm: string,
  reason: AuthenticationFailureReason,
  text: keyof typeof texts = 'unverifiable',
  cause?: unknown,
): AuthenticationFailure {
  return withChallenge(realm, reason, 'UNAUTHORIZED', 'invalid_token', texts[text], cause)
}

/** The failure that something thrown while a token was verified means for the client. */
export function toRefusal(realm: string, thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown
  if (thrown instanceof errors.JWTExpired) return invalidToken(realm, 'expired', 'expired')
  if (thrown instanceof errors.JWTClaimValidationFailed) {
    if (thrown.claim === 'nbf' && thrown.reason === 'check_failed') return invalidToken(realm, 'not-yet-valid', 'early')
    if (['iss', 'aud'].includes(thrown.claim)) return invalidToken(realm, 'wrong-claim', 'elsewhere')
  }
  const reason = thrown instanceof errors.JOSEError ? reasons[thrown.code] : undefined
  // jose's own errors are no cause to keep: they carry the payload.
  return reason ? invalidToken(realm, reason) : invalidToken(realm, 'unknown-key', 'unverifiable', thrown)
}

function withChallenge(
  realm: string,
  reason: AuthenticationFailureReason,
  code: 'UNAUTHORIZED' | 'BAD_REQUEST',
  error: 'invalid_token' | 'invalid_request',
  message: string,
  cause?: unknown,
): AuthenticationFailure {
  const challenge = `Bearer realm="${realm}", error="${error}", error_description="${message}"`
  return new AuthenticationFailure(reason, code, message, { headers: { 'WWW-Authenticate': challenge }, cause })
}
