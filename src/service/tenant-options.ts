import type { Logger } from '../context/index.ts'
import { type ConnectionSource, createPool } from '../database/index.ts'
import {
  claim,
  createTenantDirectory,
  domain,
  firstOf,
  header,
  subdomain,
  type TenantExtractor,
  type TenantOptions,
} from '../resolution/index.ts'
import { createAuthentication } from './authentication.ts'
import type { Config } from './config/config.ts'
import { currentPassword } from './current-password.ts'

export interface TenantOptionsSource {
  config: Config
  log: Logger
  /** The role of each transaction, where the login is another one. */
  role?: string | undefined
  /** Connections for the tenant directory. @default a pool of one */
  connections?: ConnectionSource | undefined
}

/**
 * Creates the options of the tenant middleware from the configuration.
 *
 * @returns the options, and `close` for the connections of the tenant directory
 * @throws ConfigError for a key or an algorithm that cannot verify tokens
 */
export async function createTenantOptions(source: TenantOptionsSource) {
  const { config, log } = source
  const directory = createDirectory(source)
  const options: TenantOptions = {
    from: createExtractor(config.tenant),
    auth: await createAuthentication(config.auth, log),
    directory,
    directoryRequired: config.tenant.directory === 'required',
    onListenerError: (error) =>
      log.error({ name: error instanceof Error ? error.name : typeof error }, 'a listener failed'),
  }
  return { options, close: async () => await directory?.close() }
}

function createDirectory({ config, log, role, connections }: TenantOptionsSource) {
  if (config.tenant.directory === 'off') return undefined
  const { url, urlFile } = config.database
  return createTenantDirectory({
    connections: connections ?? createPool({ url, ...currentPassword('DATABASE_URL', urlFile, log), size: 1 }),
    role,
  })
}

function createExtractor({ from, header: name, domain: under }: Config['tenant']): TenantExtractor {
  const make = {
    header: () => header(name),
    subdomain: () => subdomain(under === undefined ? {} : { domain: under }),
    domain,
    claim,
  }
  const extractors = from.map((place) => make[place]())
  const [first] = extractors
  return first && extractors.length === 1 ? first : firstOf(...extractors)
}
