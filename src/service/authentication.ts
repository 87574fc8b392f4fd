import { type Authentication, type Logger, unverified } from '../context/index.ts'
import { causesOf } from '../errors/index.ts'
import type { AuthConfig, GatewayConfig, JwtConfig } from './config/auth-settings.ts'
import { invalidConfiguration } from './config/problems.ts'

/**
 * Makes what verifies callers.
 *
 * @throws ConfigError for a key, an algorithm or a header that cannot verify requests
 */
export async function createAuthentication(auth: AuthConfig, log: Logger): Promise<Authentication> {
  // The settings have decided (auth-settings.ts): a second look at the environment could have another outcome.
  if (auth.kind === 'unverified') return unverified({ ALLOW_UNVERIFIED: 'true' })
  // Imported only when it is used: the code that verifies tokens takes 12 ms and 5 MB.
  const { gateway, jwt, oneOf } = await import('../auth/index.ts')
  try {
    if (auth.kind === 'jwt') return jwt(jwtOptions(auth, log))
    if (auth.kind === 'gateway') return gateway(gatewayOptions(auth))
    return oneOf(jwt(jwtOptions(auth.jwt, log)), gateway(gatewayOptions(auth.gateway)))
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw invalidConfiguration([inSettings(error.message)])
  }
}

/** The options of the kit as its messages name them, and the settings that they come from. */
const settingsOfOptions: [RegExp, string][] = [
  [/key\.publicKey/g, 'JWT_PUBLIC_KEY'],
  [/key\.secret/g, 'JWT_SECRET'],
  [/^jwksUrl/, 'JWT_JWKS_URL'],
  [/^algorithms/, 'JWT_ALGORITHMS'],
  [/^tenants/, 'JWT_TENANT_CLAIM'],
  [/^roles/, 'JWT_ROLE_CLAIM'],
  [/^gateway\(\)'s secrets and certificates/, 'GATEWAY_SECRET and GATEWAY_CERTIFICATE'],
]

const inSettings = (message: string): string =>
  settingsOfOptions.reduce((text, [option, setting]) => text.replace(option, setting), message)

const jwtOptions = ({ kind: _, key, ...options }: JwtConfig, log: Logger) => ({
  ...options,
  key: 'jwksUrl' in key ? { ...key, onFetchError: (error: unknown) => logFetchError(log, error) } : key,
})

/** The errors come from the connection to the issuer: they hold nothing of a client. */
function logFetchError(log: Logger, error: unknown): void {
  const reason = causesOf(error)
    .map(({ message }) => message)
    .join(': ')
  log.warn({ reason }, 'the keys of JWT_JWKS_URL could not be fetched')
}

const gatewayOptions = ({ proof, actorHeader, roleHeader }: GatewayConfig) =>
  'certificate' in proof
    ? { header: proof.header, certificates: [proof.certificate], actorHeader, roleHeader }
    : { header: 'X-Gateway-Secret', secrets: proof.secrets, actorHeader, roleHeader }
