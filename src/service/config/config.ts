import { randomBytes } from 'node:crypto'
import { type AuthConfig, hasTokens, readAuth } from './auth-settings.ts'
import { checkTogether } from './cross-checks.ts'
import { invalidConfiguration } from './problems.ts'
import { readSecretFiles } from './secret-files.ts'
import { type Settings, settings } from './settings.ts'
import { reportUnknown } from './unknown-settings.ts'

/** The configuration, valid as a whole. docs/configuration.md explains each setting. */
export interface Config {
  readonly server: {
    readonly host: string
    readonly port: number
    readonly trustProxy: number
    /** The prefix that a proxy removes; undefined for what the proxies say. */
    readonly basePath: string | undefined
    /** Empty for none. */
    readonly corsOrigins: readonly string[]
    /** How long `/ready` is 503 before the service refuses connections. */
    readonly shutdownDrainMs: number
    readonly shutdownTimeoutMs: number
    /** The value of Strict-Transport-Security; undefined for none. */
    readonly hsts: string | undefined
  }
  readonly database: {
    readonly url: string
    /** The file of DATABASE_URL_FILE, whose password may change. */
    readonly urlFile: string | undefined
    readonly poolSize: number
    readonly replicaUrl: string | undefined
    readonly replicaUrlFile: string | undefined
  }
  /** The keys of what clients carry, such as bookmarks, are derived from them. */
  readonly secrets: {
    /** Without ROWHOUSE_SECRET a random one, the same for the whole process. */
    readonly current: string
    /** Still accepted while the current one replaces it. */
    readonly previous?: string
  }
  readonly auth: AuthConfig
  readonly tenant: {
    /** The places that can name a request's tenant, the first one first. */
    readonly from: readonly ('header' | 'subdomain' | 'domain' | 'claim')[]
    readonly header: string
    /** Undefined for the domain by the Public Suffix List. */
    readonly domain: string | undefined
    readonly directory: 'off' | 'on' | 'required'
    /** The first key signs. Empty for an unsigned tenant context. */
    readonly signingKeys: readonly string[]
  }
  /** Limits of each tenant in each process. */
  readonly limits: {
    /** Requests at the same time: `auto` for a share of the pool, 0 for no limit. */
    readonly concurrency: number | 'auto'
    /** Requests of one actor over all its tenants: `auto` for half of the pool, 0 for no limit. */
    readonly actorConcurrency: number | 'auto'
    readonly queue: number
    readonly rate: { readonly limit: number; readonly windowSeconds: number } | undefined
  }
  readonly requests: {
    readonly timeoutMs: number
    /** A larger body is answered with 413. */
    readonly bodyLimitBytes: number
    /** The most bytes of all bodies and of all large responses in each process; a quarter of them for each tenant. */
    readonly receivedBytesMax: number
    readonly sentBytesMax: number
  }
  /** Whether `/` answers. */
  readonly homePage: boolean
  /** Whether failures are `application/problem+json` for clients that accept it. */
  readonly problems: boolean
  readonly log: { readonly level: Settings['LOG_LEVEL'] }
}

/**
 * Reads the configuration from an environment, and from the files that it names. An empty variable counts as unset.
 *
 * @throws ConfigError with every problem in one message, never with a value: some are secrets
 * @example
 * const config = loadConfig(process.env)
 */
export function loadConfig(environment: Record<string, string | undefined>): Config {
  const files = readSecretFiles(environment)
  if (files.problems.length > 0) throw invalidConfiguration(files.problems)
  const given = Object.entries(files.environment)
  const set = Object.fromEntries(given.filter(([, value]) => value !== '' && value !== undefined))
  const { values, problems } = parseEach(set)
  const lineOf = (setting: string, problem: string) => `${files.names[setting] ?? setting} ${problem}`
  const all = Object.entries(problems).map(([setting, problem]) => lineOf(setting, problem))
  const report = (setting: string, problem: string) => {
    if (!Object.hasOwn(problems, setting)) all.push(lineOf(setting, problem))
  }
  const isSet = (name: string) => Object.hasOwn(set, name)
  reportUnknown(Object.keys(set), report)
  checkTogether(values, isSet, report)
  const auth = Object.hasOwn(problems, 'AUTH') ? undefined : readAuth(values, isSet, report)
  if (auth === undefined || all.length > 0) throw invalidConfiguration(all)
  return deepFreeze(nest(values, auth, files.paths))
}

/** Parses each setting by its own rule. One that is invalid has its default, so that the others can still be compared. */
function parseEach(set: Record<string, string | undefined>) {
  const problems: Record<string, string> = {}
  const values = Object.entries(settings.shape).map(([setting, rule]) => {
    const { success, data, error } = rule.safeParse(set[setting])
    if (success) return [setting, data]
    problems[setting] = error.issues[0]?.message ?? 'is invalid'
    return [setting, rule.safeParse(undefined).data]
  })
  return { values: Object.fromEntries(values) as Settings, problems } // its keys are those of the shape
}

/** Kubernetes takes a process out of rotation within a few seconds after SIGTERM. */
const productionDrainMs = 5000

let ofProcess: string | undefined

function randomSecret(): string {
  ofProcess ??= randomBytes(32).toString('hex')
  return ofProcess
}

const nest = (given: Settings, auth: AuthConfig, files: Record<string, string | undefined>): Config => ({
  server: {
    host: given.HOST,
    port: given.PORT,
    trustProxy: given.TRUST_PROXY,
    basePath: given.BASE_PATH,
    corsOrigins: given.CORS_ORIGINS ?? [],
    shutdownDrainMs: given.SHUTDOWN_DRAIN_MS ?? (given.NODE_ENV === 'production' ? productionDrainMs : 0),
    shutdownTimeoutMs: given.SHUTDOWN_TIMEOUT_MS,
    hsts: given.HSTS === 'off' ? undefined : given.HSTS,
  },
  database: {
    url: given.DATABASE_URL,
    urlFile: files.DATABASE_URL,
    poolSize: given.DATABASE_POOL_SIZE,
    replicaUrl: given.DATABASE_REPLICA_URL,
    replicaUrlFile: files.DATABASE_REPLICA_URL,
  },
  secrets: {
    current: given.ROWHOUSE_SECRET ?? randomSecret(),
    ...(given.ROWHOUSE_SECRET_PREVIOUS === undefined ? {} : { previous: given.ROWHOUSE_SECRET_PREVIOUS }),
  },
  auth,
  tenant: {
    from: given.TENANT_FROM ?? (hasTokens(auth) ? ['header', 'claim'] : ['header']),
    header: given.TENANT_HEADER,
    domain: given.TENANT_DOMAIN,
    directory: given.TENANT_DIRECTORY,
    signingKeys: given.TENANT_SIGNING_KEY ?? [],
  },
  limits: {
    concurrency: given.TENANT_CONCURRENCY,
    actorConcurrency: given.ACTOR_CONCURRENCY,
    queue: given.TENANT_QUEUE,
    rate:
      given.RATE_LIMIT === 0 ? undefined : { limit: given.RATE_LIMIT, windowSeconds: given.RATE_LIMIT_WINDOW_SECONDS },
  },
  requests: {
    timeoutMs: given.REQUEST_TIMEOUT_MS,
    bodyLimitBytes: given.BODY_LIMIT_BYTES,
    receivedBytesMax: given.RECEIVED_BYTES_MAX,
    sentBytesMax: given.SENT_BYTES_MAX,
  },
  homePage: given.HOME_PAGE === 'on',
  problems: given.PROBLEM_JSON === 'on',
  log: { level: given.LOG_LEVEL },
})

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFreeze(part)
  return Object.freeze(value)
}
