import { AuthenticationFailure, type AuthenticationFailureReason } from '../context/index.ts'
import { ApiError } from '../errors/index.ts'
import { joseCode } from './jose.ts'

/** The messages for clients. They are few, so that the differences help no forger. */
const messages = {
  expired: 'The token has expired',
  early: 'The token is not valid yet',
  elsewhere: 'The token is not meant for this service',
  unverifiable: 'The token cannot be verified',
}

// jose's codes are stable, its messages are not.
const reasons: Record<string, AuthenticationFailureReason> = {
  ERR_JOSE_ALG_NOT_ALLOWED: 'wrong-algorithm',
  ERR_JOSE_NOT_SUPPORTED: 'malformed-token',
  ERR_JWS_INVALID: 'malformed-token',
  ERR_JWT_INVALID: 'malformed-token',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'bad-signature',
  ERR_JWKS_NO_MATCHING_KEY: 'unknown-key',
  ERR_JWT_CLAIM_VALIDATION_FAILED: 'wrong-claim',
}

/** The challenge without an error. */
export const challengeOf = (realm: string): string => `Bearer realm="${realm}"`

/** 401 for a request without a token: a challenge without an error (RFC 6750, section 3.1). */
export function missingToken(realm: string): AuthenticationFailure {
  return new AuthenticationFailure('no-token', 'UNAUTHORIZED', 'A bearer token is required', {
    headers: { 'WWW-Authenticate': challengeOf(realm) },
  })
}

/** 400 for a request with two tokens: a proxy and this service might each read another one (RFC 6750, section 3.1). */
export function repeatedToken(realm: string): AuthenticationFailure {
  return withChallenge(realm, 'malformed-token', 'BAD_REQUEST', 'invalid_request', 'Send one Authorization header')
}

/**
 * 401 for an invalid token.
 *
 * @param reason for events and logs; the client gets the message only
 */
export function invalidToken(
  realm: string,
  reason: AuthenticationFailureReason,
  message: keyof typeof messages = 'unverifiable',
  cause?: unknown,
): AuthenticationFailure {
  return withChallenge(realm, reason, 'UNAUTHORIZED', 'invalid_token', messages[message], cause)
}

/** Converts an error of the verification into the error for the client. */
export function toTokenError(realm: string, thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown
  const code = joseCode(thrown) ?? ''
  if (code === 'ERR_JWT_EXPIRED') return invalidToken(realm, 'expired', 'expired')
  if (code === 'ERR_JWT_CLAIM_VALIDATION_FAILED') {
    const { claim, reason } = thrown as { claim?: string; reason?: string } // the fields that jose documents for this code
    if (claim === 'nbf' && reason === 'check_failed') return invalidToken(realm, 'not-yet-valid', 'early')
    if (claim === 'iss' || claim === 'aud') return invalidToken(realm, 'wrong-claim', 'elsewhere')
  }
  const reason = reasons[code]
  // Without a cause: jose's errors carry the payload.
  if (reason) return invalidToken(realm, reason)
  // Every other error means that the issuer's key cannot be used.
  return invalidToken(realm, 'unknown-key', 'unverifiable', thrown)
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
