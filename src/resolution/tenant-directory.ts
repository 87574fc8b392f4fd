import { LRUCache } from 'lru-cache'
import type { TenantId, TenantKey } from '../context/index.ts'
import { partsOf } from '../context/internal.ts'
import type { ConnectionSource } from '../database/index.ts'
import { queryAs } from '../database/internal.ts'
import { ApiError, unavailable } from '../errors/index.ts'
import { assertWholeNumber } from '../text/index.ts'
import { createLookups } from './lookups.ts'
import { parseTenantKey } from './tenant-keys.ts'

/** A tenant in the directory. */
export interface DirectoryEntry {
  readonly id: TenantId
  /** Its short name, as in `acme.example.com`. */
  readonly slug: string
  /** Its id in another system. */
  readonly externalId?: string | undefined
  /** Its domains, in canonical form. */
  readonly domains?: readonly string[] | undefined
  readonly status: 'active' | 'suspended'
}

/** Finds tenants by a key of one kind. */
export interface TenantDirectory {
  /**
   * For a caller with a list of tenants, names that are not in the entry are those of another tenant.
   *
   * @param tenant a key in canonical form
   * @param actor the verified caller, so that a directory can bound the lookups of each
   * @returns undefined when there is no such tenant
   * @throws ApiError SERVICE_UNAVAILABLE when the directory cannot answer
   */
  find(tenant: TenantKey, actor?: string): DirectoryEntry | undefined | Promise<DirectoryEntry | undefined>
}

export interface TenantDirectoryOptions {
  /** Connections of the serving role, separate from those of tenant transactions: `createPool({ url, size: 1 })`. */
  connections: ConnectionSource
  /**
   * How long an answer is used, in milliseconds. A suspension takes effect a second after this time at the latest, and after a minute
   * while the database does not answer.
   *
   * @default 5000
   */
  cacheMs?: number
  /**
   * The most answers in the cache. As many answers that a tenant does not exist are kept apart, so that they displace no tenant.
   *
   * @default 10000
   */
  cacheMax?: number
  /** The role for the query, where the login is a superuser, as in PGlite. */
  role?: string | undefined
  /**
   * The clock, in milliseconds.
   *
   * @default Date.now
   */
  now?: () => number
}

interface CachedAnswer {
  entry: DirectoryEntry | undefined
  queriedAt: number
  /** The time until which the answer is used without another query. */
  freshUntil: number
}

/** How long an expired answer is used, in milliseconds: during the next query, and after one that failed. */
const graceMs = 1000
/** How long an answer is used while the database is unavailable, in milliseconds. */
const lastResortMs = 60_000

/**
 * Creates a directory of the tenants in `tenancy.tenants`, which sql/35-tenant-directory.sql creates and `rowhouse tenant`
 * and `rowhouse/directory` write. It calls `tenancy.find_tenant()`, which shows the serving role one tenant at a time. Answers, also negative ones, are
 * cached for `cacheMs`. While the database is unavailable, the last answer is used for up to a minute. Requests for one tenant at
 * the same time share a query. At most 1000 queries for unknown tenants wait at the same time, and 100 of one actor.
 *
 * @throws TypeError when a number is not a whole number. ApiError SERVICE_UNAVAILABLE from `find`, when there is no recent
 *   answer and the database is unavailable or too many queries are waiting
 * @example
 * const directory = createTenantDirectory({ connections: createPool({ url, size: 1 }) })
 * app.use('/tasks/*', tenant({ from: subdomain(), auth, directory }))
 */
export function createTenantDirectory(options: TenantDirectoryOptions): TenantDirectory & { close(): Promise<void> } {
  const { connections, cacheMs = 5000, cacheMax = 10_000, role, now = Date.now } = options
  assertWholeNumber('cacheMs', cacheMs, 0)
  assertWholeNumber('cacheMax', cacheMax)
  const tenants = new LRUCache<string, CachedAnswer>({ max: cacheMax })
  const absent = new LRUCache<string, CachedAnswer>({ max: cacheMax })
  const lookUp = createLookups(query, now)

  // Times before the query mean that the clock was set back, which must not extend a time.
  const isFresh = ({ queriedAt, freshUntil }: CachedAnswer) => now() >= queriedAt && now() < freshUntil
  const isLastResort = ({ queriedAt }: CachedAnswer) => now() >= queriedAt && now() - queriedAt <= lastResortMs

  /** @param selector the kind and the value, as `slug:acme` */
  async function query(selector: string): Promise<DirectoryEntry | undefined> {
    const queriedAt = now()
    const entry = toEntry((await queryAs(role, connections, findTenant, partsOfText(selector)))[0])
    const [cache, other] = entry ? [tenants, absent] : [absent, tenants]
    other.delete(selector)
    cache.set(selector, { entry, queriedAt, freshUntil: queriedAt + cacheMs })
    return entry
  }

  async function find(selector: string, actor: string | undefined): Promise<DirectoryEntry | undefined> {
    const cached = tenants.get(selector) ?? absent.get(selector)
    if (cached && isFresh(cached)) return cached.entry
    // During the query other requests use the expired answer.
    if (cached) cached.freshUntil = cached.queriedAt + cacheMs + graceMs
    try {
      return await lookUp(selector, cached?.entry ? 'known' : { actor })
    } catch (error) {
      if (!cached || !isLastResort(cached)) throw error instanceof ApiError ? error : unavailable(error)
      cached.freshUntil = now() + graceMs
      return cached.entry
    }
  }

  return {
    find(tenant, actor) {
      const key = parseTenantKey(tenant, (id) => id) // what is no id of the database finds nothing
      return key && find(textOf(key), actor)
    },
    close: () => connections.close(),
  }
}

/** A key as the text that caches and lookups go by: no kind contains the separator, so two kinds never meet. */
function textOf(key: TenantKey): string {
  const { kind, value } = partsOf(key)
  return `${kind}:${value}`
}
const partsOfText = (text: string) => [text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1)]

const findTenant = 'select id, slug, external_id, to_json(domains) as domains, status from tenancy.find_tenant($1, $2)'

function toEntry(row: Record<string, unknown> | undefined): DirectoryEntry | undefined {
  if (row === undefined) return undefined
  const status = row.status === 'active' ? 'active' : 'suspended'
  // Frozen, because the same object answers later requests. PostgreSQL prints an id canonically.
  return Object.freeze({
    id: String(row.id) as TenantId,
    slug: String(row.slug),
    externalId: row.external_id === null ? undefined : String(row.external_id),
    domains: Object.freeze((row.domains as string[]).map(String)), // a JSON array
    status,
  })
}
