import { type Authentication, AuthenticationFailure, type Credential } from '../context/index.ts'

/**
 * Authenticates callers in several ways: what a request carries decides which one. That one decides alone, so a failure never falls
 * through to another one. A request that carries two credentials is refused, because it might be meant as either caller.
 *
 * `verify` throws AuthenticationFailure: UNAUTHORIZED for a request without a credential, BAD_REQUEST for one with several, and
 * what the chosen authentication throws.
 *
 * @throws TypeError for fewer than two, for one without a `credential`, as `unverified()` is, and for two that read the same header
 * @example
 * const auth = oneOf(jwt({ … }), session(findSession, { cookies: ['session'] }))
 * app.use('/tasks/*', tenant({ from: claim(), auth, directory }))
 */
export function oneOf(...authentications: readonly Authentication[]): Authentication {
  if (authentications.length < 2) throw new TypeError('oneOf() needs two or more authentications')
  const ways = authentications.map((auth) => ({ auth, credential: credentialOf(auth) }))
  const labels = ways.map(({ credential }) => credential.label)
  assertDistinct(labels)
  const challenge = ways.flatMap(({ credential }) => credential.challenge ?? []).join(', ')
  return {
    vary: [...new Set(authentications.flatMap(({ vary }) => vary))],
    ownHeaders: authentications.flatMap(({ ownHeaders }) => ownHeaders ?? []),
    yields: authentications.flatMap(({ yields }) => yields ?? []),
    verify(c) {
      const [carried, other] = ways.filter(({ credential }) => credential.isIn(c))
      if (carried && other)
        throw new AuthenticationFailure(
          'several-credentials',
          'BAD_REQUEST',
          `Send one credential: ${carried.credential.label} or ${other.credential.label}, not both`,
        )
      if (carried) return carried.auth.verify(c)
      throw new AuthenticationFailure('no-token', 'UNAUTHORIZED', `A credential is required: ${labels.join(' or ')}`, {
        ...(challenge === '' ? {} : { headers: { 'WWW-Authenticate': challenge } }),
      })
    },
  }
}

function credentialOf({ credential }: Authentication): Credential {
  if (credential) return credential
  throw new TypeError(
    'Each authentication of oneOf() needs a credential, which says what a request carries for it. unverified() has none: every ' +
      'request would fall through to it',
  )
}

function assertDistinct(labels: readonly string[]): void {
  const seen = new Set<string>()
  for (const label of labels) {
    if (seen.has(label.toLowerCase()))
      throw new TypeError(
        `Two authentications of oneOf() read ${label}, so no request would say which one it is for. jwt() accepts several issuers`,
      )
    seen.add(label.toLowerCase())
  }
}
