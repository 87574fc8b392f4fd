import type { Authentication } from '../context/index.ts'
import { type ConnectionSource, createPool, createTenantSigner, type TenantSigner } from '../database/index.ts'
import { ConfigError } from '../errors/index.ts'
import type { TenantLimitsOptions } from '../limits/index.ts'
import {
  claim,
  createTenantDirectory,
  firstOf,
  header,
  subdomain,
  type TenantExtractor,
  type TenantOptions,
} from '../resolution/index.ts'
import type { Config } from './config/config.ts'
import type { Logger } from './middleware/access-log.ts'

/** How the service finds a request's tenant, whom it believes, and what bounds each tenant. */
export interface ServiceTenancy {
  tenancy: TenantOptions
  limits: TenantLimitsOptions | undefined
  signer: TenantSigner | undefined
  close(): Promise<void>
}

export interface ServiceTenancyOptions {
  config: Config
  log: Logger
  role?: string | undefined
  /** Where connections come from on Workers, which have no pool and let no request wait for another. */
  connections?: ConnectionSource | undefined
}

/**
 * Reads it from the configuration.
 *
 * @throws ConfigError for a key or an algorithm that cannot verify tokens
 */
export async function createServiceTenancy(options: ServiceTenancyOptions): Promise<ServiceTenancy> {
  const { config, log, role, connections } = options
  const directory =
    config.TENANT_DIRECTORY === 'off'
      ? undefined
      : createTenantDirectory({ connections: connections ?? createPool({ url: config.DATABASE_URL, size: 1 }), role })
  const [secret] = config.TENANT_SIGNING_KEY ?? []
  return {
    tenancy: {
      from: extractorOf(config),
      auth: await authenticationOf(config),
      directory,
      directoryRequired: config.TENANT_DIRECTORY === 'required',
      onListenerError: (error) =>
        log.error({ name: error instanceof Error ? error.name : typeof error }, 'a listener failed'),
    },
    limits: limitsOf(config, connections === undefined),
    signer: secret === undefined ? undefined : createTenantSigner(secret),
    close: async () => await directory?.close(),
  }
}

function extractorOf({ TENANT_FROM, TENANT_HEADER, TENANT_DOMAIN, AUTH }: Config): TenantExtractor {
  const make = {
    header: () => header(TENANT_HEADER),
    subdomain: () => subdomain(TENANT_DOMAIN === undefined ? {} : { domain: TENANT_DOMAIN }),
    claim,
  }
  const places = TENANT_FROM ?? (AUTH === 'jwt' ? (['header', 'claim'] as const) : (['header'] as const))
  const [first, ...others] = places.map((place) => make[place]())
  return first && others.length === 0 ? first : firstOf(...(first ? [first, ...others] : others))
}

async function authenticationOf(config: Config): Promise<Authentication | undefined> {
  if (config.AUTH === 'unverified') return undefined
  // Loaded where it is used: what verifies tokens takes 12 ms and 5 MB.
  const { gateway, jwt } = await import('../auth/index.ts')
  try {
    return config.AUTH === 'jwt' ? jwt(jwtOptions(config)) : gateway(gatewayOptions(config))
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new ConfigError(`The configuration is not right:\n  - AUTH=${config.AUTH}: ${error.message}`)
  }
}

function jwtOptions(config: Config) {
  const { JWT_JWKS_URL: jwksUrl, JWT_PUBLIC_KEY: publicKey, JWT_SECRET: secret = '' } = config
  const key = jwksUrl !== undefined ? { jwksUrl } : publicKey !== undefined ? { publicKey } : { secret }
  const audience = config.JWT_AUDIENCE ?? []
  return {
    key,
    algorithms: config.JWT_ALGORITHMS,
    issuer: config.JWT_ISSUER ?? '',
    audience: audience.includes('any') ? undefined : audience,
    clockSkewSeconds: config.JWT_CLOCK_SKEW_SECONDS,
    tenantClaim: config.JWT_TENANT_CLAIM,
  }
}

function gatewayOptions(config: Config) {
  const actorHeader = config.GATEWAY_ACTOR_HEADER
  const { GATEWAY_CERTIFICATE: certificate, GATEWAY_CERTIFICATE_HEADER: certificateHeader = '' } = config
  if (certificate !== undefined) return { header: certificateHeader, certificates: [certificate], actorHeader }
  return { header: 'X-Gateway-Secret', secrets: config.GATEWAY_SECRET ?? [], actorHeader }
}

/** A fifth, or two, and never all: however slow a tenant's queries are, others find a connection. */
const shareOf = (poolSize: number): number => Math.max(1, Math.min(poolSize - 1, Math.max(2, Math.ceil(poolSize / 5))))

function limitsOf(config: Config, hasPool: boolean): TenantLimitsOptions | undefined {
  const auto = hasPool ? shareOf(config.DATABASE_POOL_SIZE) : 0
  const max = config.TENANT_CONCURRENCY === 'auto' ? auto : config.TENANT_CONCURRENCY
  const concurrency = max === 0 ? undefined : { max, queueMax: hasPool ? config.TENANT_QUEUE : 0 }
  const rate =
    config.RATE_LIMIT === 0 ? undefined : { limit: config.RATE_LIMIT, windowSeconds: config.RATE_LIMIT_WINDOW_SECONDS }
  return concurrency || rate ? { concurrency, rate } : undefined
}
