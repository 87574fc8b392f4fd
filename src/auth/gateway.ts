import { createHash, timingSafeEqual } from 'node:crypto'
import { type Authentication, AuthenticationFailure, isActor } from '../context/index.ts'

export type GatewayOptions = {
  /** The header with which the gateway proves itself. It has to overwrite what a client sends there. */
  readonly header: string
  /** The header with which it says who acts, as it verified. It has to overwrite or drop what a client sends there. */
  readonly actorHeader?: string | undefined
} & (
  | {
      /** What the header holds: one of these, of at least 32 characters each. Several while one replaces another. */
      readonly secrets: readonly string[]
    }
  | {
      /** What the terminator of TLS says of a client certificate that it has verified: a fingerprint, or a subject. */
      readonly certificates: readonly string[]
    }
)

const secretLengthMin = 32

/**
 * Believes requests that come through a gateway of yours, which has verified the caller and chosen the tenant. A certificate's
 * name is no secret: let the service be reached through the gateway alone.
 *
 * `verify` throws AuthenticationFailure: FORBIDDEN for a request that did not come through the gateway, BAD_REQUEST for an actor that is
 * malformed.
 *
 * @throws TypeError when there is nothing to compare with, a secret is short, or a name is not a header's
 * @example
 * const auth = gateway({ header: 'X-Gateway-Secret', secrets: [secret], actorHeader: 'X-User-Id' })
 * app.use('/tasks/*', tenant({ from: header('X-Tenant-Id'), auth }))
 */
export function gateway(options: GatewayOptions): Authentication {
  const proofHeader = assertHeaderName(options.header)
  const actorHeader = options.actorHeader === undefined ? undefined : assertHeaderName(options.actorHeader)
  const proofs = proofsOf(options).map(digest)

  return {
    // What the gateway adds is not the client's, so that a cache in front of the gateway never sees it.
    vary: [],
    verify(c) {
      const given = digest(c.req.header(proofHeader) ?? '')
      // All of them, each in constant time: how long it takes says neither how much nor which one was right.
      const matches = proofs.filter((proof) => timingSafeEqual(proof, given))
      if (matches.length === 0)
        throw new AuthenticationFailure('not-the-gateway', 'FORBIDDEN', 'Requests must come through the gateway')
      const actor = actorHeader === undefined ? undefined : c.req.header(actorHeader)
      if (actor !== undefined && !isActor(actor))
        throw new AuthenticationFailure('wrong-claim', 'BAD_REQUEST', `${actorHeader} must be 1 to 255 characters`)
      return { actor }
    },
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

function proofsOf(options: GatewayOptions): readonly string[] {
  const { secrets, certificates }: { secrets?: readonly string[]; certificates?: readonly string[] } = options
  const proofs = secrets ?? certificates
  if (proofs === undefined || (secrets && certificates))
    throw new TypeError('gateway takes secrets or certificates, one of the two')
  if (proofs.length === 0) throw new TypeError('gateway has nothing to know the gateway by')
  if (secrets?.some(({ length }) => length < secretLengthMin))
    throw new TypeError(`A gateway's secret has at least ${secretLengthMin} characters`)
  // Else it could never match: HTTP strips blanks at both ends (RFC 9110, section 5.5), and an absent header reads as empty.
  if (!proofs.every((proof) => /^[!-~](?:[ -~]*[!-~])?$/.test(proof)))
    throw new TypeError(
      'What proves the gateway must be able to stand in a header: visible ASCII, no blank at its ends',
    )
  return proofs
}

function assertHeaderName(name: string): string {
  if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) throw new TypeError(`"${name}" is not a header's name`)
  return name
}
