import { createHash, timingSafeEqual } from 'node:crypto'
import type { Context } from 'hono'
import { type Authentication, AuthenticationFailure, isActor } from '../context/index.ts'
import { isHeaderName } from '../text/index.ts'
import { createRolesReader, type RoleWords } from './role-words.ts'

export type GatewayOptions = {
  /** The header that proves the gateway's identity. The gateway must overwrite it in every request of a client. */
  readonly header: string
  /**
   * The header with the verified actor, without a comma. The gateway must overwrite or remove it in every request of a client:
   * two headers arrive as one with a comma, and are refused.
   */
  readonly actorHeader?: string | undefined
  /**
   * The header with the caller's role in the tenant of the request. The gateway must overwrite or remove it as it does with
   * `actorHeader`. A request without it has no role.
   *
   * @default every caller is a member
   */
  readonly roleHeader?: string | undefined
  /**
   * The values of `roleHeader` that mean an owner and a member.
   *
   * @default { owner: ['owner'], member: ['member'] }
   */
  readonly roles?: RoleWords | undefined
} & (
  | {
      /** Accepted values of the header, at least 32 characters each. Several during a rotation. */
      readonly secrets: readonly string[]
    }
  | {
      /** Accepted values of the header: the fingerprint or subject of the client certificate that the TLS terminator verified. */
      readonly certificates: readonly string[]
    }
)

const secretLengthMin = 32

/**
 * Accepts requests of a gateway, which has verified the caller and chosen the tenant. With `certificates` the header's value
 * is not a secret: make sure that only the gateway can reach the service.
 *
 * `verify` throws AuthenticationFailure: FORBIDDEN for a request without an accepted value, BAD_REQUEST for a malformed or
 * repeated actor, or a repeated role.
 *
 * @throws TypeError when there is no accepted value, a secret is short, a header name is invalid or has two meanings, and for `roles`
 *   without `roleHeader`
 * @example
 * const auth = gateway({ header: 'X-Gateway-Secret', secrets: [secret], actorHeader: 'X-User-Id' })
 * app.use('/tasks/*', tenant({ from: header('X-Tenant-Id'), auth }))
 */
export function gateway(options: GatewayOptions): Authentication {
  const { header, actorHeader, roleHeader, roles } = options
  const ownHeaders = headersOf({ header, actorHeader, roleHeader })
  if (roles && roleHeader === undefined) throw new TypeError('gateway() needs a roleHeader to have roles')
  const readRoles = createRolesReader(roles)
  const accepted = acceptedValues(options).map(digest)

  return {
    // A cache in front of the gateway never sees the headers that the gateway adds.
    vary: [],
    ownHeaders,
    credential: { label: header, isIn: (c) => c.req.header(header) !== undefined },
    verify(c) {
      const given = digest(c.req.header(header) ?? '')
      // Compares with every value, each in constant time, so that the duration reveals nothing about them.
      const matches = accepted.filter((value) => timingSafeEqual(value, given))
      if (matches.length === 0)
        throw new AuthenticationFailure('not-the-gateway', 'FORBIDDEN', 'Requests must come through the gateway')
      const actor = oneValue(c, actorHeader)
      if (actor !== undefined && !isActor(actor))
        throw malformed(`${actorHeader} must be one actor: 1 to 255 characters, no comma`)
      const role = oneValue(c, roleHeader)
      const held = roleHeader === undefined ? {} : { roles: readRoles(role === undefined ? [] : [role]) }
      return { actor, tenants: 'any', ...held }
    },
  }
}

const malformed = (message: string) => new AuthenticationFailure('wrong-claim', 'BAD_REQUEST', message)

/**
 * The value of a header that the gateway sets.
 *
 * @throws AuthenticationFailure for two: they arrive as one, joined by a comma, and the client's may stand beside the gateway's
 */
function oneValue(c: Context, name: string | undefined): string | undefined {
  const value = name === undefined ? undefined : c.req.header(name)
  if (value?.includes(',')) throw malformed(`${name} must have one value, without a comma`)
  return value
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

function acceptedValues(options: GatewayOptions): readonly string[] {
  const { secrets, certificates }: { secrets?: readonly string[]; certificates?: readonly string[] } = options
  const values = secrets ?? certificates
  if (values === undefined || (secrets && certificates))
    throw new TypeError('gateway() needs either secrets or certificates')
  if (values.length === 0) throw new TypeError('gateway() needs at least one secret or certificate')
  if (secrets?.some(({ length }) => length < secretLengthMin))
    throw new TypeError(`Each of gateway()'s secrets must have at least ${secretLengthMin} characters`)
  // Other values would never match: HTTP trims blanks (RFC 9110, section 5.5), and an absent header reads as empty.
  if (!values.every((value) => /^[!-~](?:[ -~]*[!-~])?$/.test(value)))
    throw new TypeError("gateway()'s secrets and certificates must be visible ASCII, without a blank at either end")
  return values
}

/** The headers that the gateway sets. One with two meanings would make the secret an actor, or an actor a role. */
function headersOf(options: Record<string, string | undefined>): string[] {
  const seen = new Map<string, string>()
  for (const [option, name] of Object.entries(options)) {
    if (name === undefined) continue
    if (!isHeaderName(name)) throw new TypeError(`gateway()'s ${option} must be a header name (got "${name}")`)
    const other = seen.get(name.toLowerCase())
    if (other) throw new TypeError(`gateway()'s ${option} must differ from its ${other} (got "${name}")`)
    seen.set(name.toLowerCase(), option)
  }
  return [...seen.keys()]
}
