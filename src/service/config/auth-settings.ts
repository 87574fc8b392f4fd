import { z } from 'zod'
import type { TenantClaim } from '../../auth/index.ts'
import type { Report } from './problems.ts'
import {
  environmentName,
  headerName,
  httpUrl,
  isInsecure,
  list,
  listOf,
  oneOf,
  secret,
  secrets,
  wholeNumber,
} from './rules.ts'

/** The settings of authentication by their names in the environment. */
export const authSettings = {
  NODE_ENV: environmentName.optional(),
  AUTH: listOf('jwt', 'gateway', 'unverified').default(['unverified']),
  ALLOW_UNVERIFIED: oneOf('true', 'false').default('false'),
  JWT_JWKS_URL: httpUrl.optional(),
  JWT_JWKS_ALLOW_HTTP: oneOf('true', 'false').default('false'),
  JWT_PUBLIC_KEY: z.string().optional(),
  JWT_SECRET: secret.optional(),
  JWT_ISSUER: list.optional(),
  JWT_AUDIENCE: list.optional(),
  JWT_ALGORITHMS: list.optional(),
  JWT_TENANT_CLAIM: z.string().default('tenant_id'),
  JWT_TENANT_YIELDS: oneOf('id', 'slug', 'externalId', 'domain').default('id'),
  JWT_ROLE_CLAIM: z.string().optional(),
  JWT_OWNER_ROLES: list.optional(),
  JWT_MEMBER_ROLES: list.optional(),
  JWT_CLOCK_SKEW_SECONDS: wholeNumber(0, 300).default(30),
  GATEWAY_SECRET: secrets.optional(),
  GATEWAY_CERTIFICATE: z.string().optional(),
  GATEWAY_CERTIFICATE_HEADER: headerName.optional(),
  GATEWAY_ACTOR_HEADER: headerName.optional(),
  GATEWAY_ROLE_HEADER: headerName.optional(),
}

const shape = z.object(authSettings)
type AuthSettings = z.infer<typeof shape>

/** A service that verifies bearer tokens. */
export interface JwtConfig {
  readonly kind: 'jwt'
  readonly key:
    | { readonly jwksUrl: string; readonly allowHttp: boolean }
    | { readonly publicKey: string }
    | { readonly secret: string }
  readonly issuer: readonly string[]
  readonly audience: readonly string[] | 'any'
  /** Undefined for every algorithm that the key supports. */
  readonly algorithms: readonly string[] | undefined
  readonly clockSkewSeconds: number
  readonly tenants: TenantClaim
}

/** A service behind a gateway, which proves itself with a header and has verified the caller. */
export interface GatewayConfig {
  readonly kind: 'gateway'
  readonly proof: { readonly secrets: readonly string[] } | { readonly header: string; readonly certificate: string }
  readonly actorHeader: string | undefined
  readonly roleHeader: string | undefined
}

/** A service that verifies tokens and accepts a gateway's requests: what a request carries decides. */
export interface SeveralConfig {
  readonly kind: 'several'
  readonly jwt: JwtConfig
  readonly gateway: GatewayConfig
}

/** A service that lets any caller act for any tenant. */
export interface UnverifiedConfig {
  readonly kind: 'unverified'
  /** Whether ALLOW_UNVERIFIED is true: the service may be reached by other machines, under any name. */
  readonly allowed: boolean
}

/** How callers prove who they are. */
export type AuthConfig = UnverifiedConfig | JwtConfig | GatewayConfig | SeveralConfig

/** Whether callers may send bearer tokens. */
export const hasTokens = ({ kind }: AuthConfig): boolean => kind === 'jwt' || kind === 'several'

/**
 * Reads how callers prove who they are.
 *
 * @param isSet whether the environment has a setting, and not only its default
 * @returns undefined after a report of what is missing
 */
export function readAuth(
  settings: AuthSettings,
  isSet: (name: string) => boolean,
  report: Report,
): AuthConfig | undefined {
  const { AUTH, NODE_ENV, ALLOW_UNVERIFIED } = settings
  reportUnused(AUTH, isSet, report)
  if (ALLOW_UNVERIFIED === 'true' && !AUTH.includes('unverified'))
    report('ALLOW_UNVERIFIED', `has no effect with AUTH=${AUTH}: remove it`)
  if (AUTH.includes('unverified') && AUTH.length > 1)
    report('AUTH', 'must be "unverified" alone, or a list without it: every request would be unverified')
  const jwt = AUTH.includes('jwt') ? readJwt(settings, report) : undefined
  const gateway = AUTH.includes('gateway') ? readGateway(settings, report) : undefined
  if (jwt && gateway) return { kind: 'several', jwt, gateway }
  if (!AUTH.includes('unverified')) return jwt ?? gateway
  if (NODE_ENV === 'production' && ALLOW_UNVERIFIED === 'false')
    report(
      'AUTH',
      'is required in production: "jwt" verifies bearer tokens, "gateway" accepts requests that your proxy has verified ' +
        '(docs/going-to-production.md). ALLOW_UNVERIFIED=true lets any caller act for any tenant',
    )
  return { kind: 'unverified', allowed: ALLOW_UNVERIFIED === 'true' }
}

/** Settings that another kind of authentication reads. */
function reportUnused(auth: readonly string[], isSet: (name: string) => boolean, report: Report): void {
  for (const setting of Object.keys(authSettings).filter(isSet)) {
    const kind = setting.startsWith('JWT_') ? 'jwt' : setting.startsWith('GATEWAY_') ? 'gateway' : undefined
    if (kind !== undefined && !auth.includes(kind))
      report(setting, `applies only with AUTH=${kind}: remove it, or set AUTH=${kind}`)
  }
}

function readJwt(settings: AuthSettings, report: Report): JwtConfig | undefined {
  const { JWT_JWKS_URL: jwksUrl, JWT_PUBLIC_KEY: publicKey, JWT_SECRET: secret } = settings
  const { JWT_JWKS_ALLOW_HTTP: allowHttp } = settings
  const { JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = settings
  const keys = [
    ...(jwksUrl === undefined ? [] : [{ jwksUrl, allowHttp: allowHttp === 'true' }]),
    ...(publicKey === undefined ? [] : [{ publicKey }]),
    ...(secret === undefined ? [] : [{ secret }]),
  ]
  const [key] = keys
  if (keys.length !== 1)
    report('JWT_JWKS_URL', 'or JWT_PUBLIC_KEY or JWT_SECRET is required with AUTH=jwt: set exactly one')
  checkHttp(jwksUrl, allowHttp === 'true', report)
  if (audience?.includes('any') && audience.length > 1)
    report('JWT_AUDIENCE', 'must be "any" alone or a list of audiences without it')
  if (issuer === undefined) report('JWT_ISSUER', 'is required with AUTH=jwt: the "iss" of the tokens')
  if (audience === undefined)
    report(
      'JWT_AUDIENCE',
      'is required with AUTH=jwt: the "aud" of the tokens for this service ("any" accepts tokens for other services too)',
    )
  if (key === undefined || issuer === undefined || audience === undefined) return undefined
  return {
    kind: 'jwt',
    key,
    issuer,
    audience: audience.includes('any') ? 'any' : audience,
    algorithms: settings.JWT_ALGORITHMS,
    clockSkewSeconds: settings.JWT_CLOCK_SKEW_SECONDS,
    tenants: readTenants(settings, report),
  }
}

function readTenants(settings: AuthSettings, report: Report): TenantClaim {
  const { JWT_TENANT_CLAIM: claim, JWT_TENANT_YIELDS: yields, JWT_ROLE_CLAIM: roles } = settings
  const { JWT_OWNER_ROLES: owner, JWT_MEMBER_ROLES: member } = settings
  if (roles !== undefined) return { claim, yields, roles: { claim: roles, owner, member } }
  for (const [setting, words] of Object.entries({ JWT_OWNER_ROLES: owner, JWT_MEMBER_ROLES: member }))
    if (words !== undefined) report(setting, 'applies only with JWT_ROLE_CLAIM: remove it, or set JWT_ROLE_CLAIM')
  return { claim, yields }
}

/** Keys that the network could change would prove nothing. */
function checkHttp(jwksUrl: string | undefined, allowHttp: boolean, report: Report): void {
  const isHttp = jwksUrl !== undefined && isInsecure(jwksUrl)
  if (isHttp && !allowHttp)
    report(
      'JWT_JWKS_URL',
      'must be a URL with https (or http to localhost): JWT_JWKS_ALLOW_HTTP=true allows http in a network that nobody else can change',
    )
  if (allowHttp && !isHttp)
    report('JWT_JWKS_ALLOW_HTTP', 'applies only when JWT_JWKS_URL is http on another machine: remove it')
}

function readGateway(settings: AuthSettings, report: Report): GatewayConfig | undefined {
  const { GATEWAY_SECRET: secrets, GATEWAY_CERTIFICATE: certificate } = settings
  const { GATEWAY_CERTIFICATE_HEADER: header, GATEWAY_ACTOR_HEADER: actorHeader } = settings
  const { GATEWAY_ROLE_HEADER: roleHeader } = settings
  if ((certificate === undefined) !== (header === undefined))
    report('GATEWAY_CERTIFICATE', 'and GATEWAY_CERTIFICATE_HEADER belong together: set both or neither')
  if ((secrets === undefined) === (certificate === undefined))
    report('GATEWAY_SECRET', 'or GATEWAY_CERTIFICATE is required with AUTH=gateway: set exactly one')
  if (secrets !== undefined) return { kind: 'gateway', proof: { secrets }, actorHeader, roleHeader }
  if (certificate !== undefined && header !== undefined)
    return { kind: 'gateway', proof: { header, certificate }, actorHeader, roleHeader }
  return undefined
}
