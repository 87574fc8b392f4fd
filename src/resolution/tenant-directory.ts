import { LRUCache } from 'lru-cache'
import { parseTenantId, type TenantId } from '../context/index.ts'
import { type ConnectionSource, queryAs } from '../database/index.ts'
import { ApiError, unavailable } from '../errors/index.ts'

/** A tenant that is known. */
export interface DirectoryEntry {
  readonly id: TenantId
  /** Its short name, as in `acme.example.com`. */
  readonly slug: string
  readonly status: 'active' | 'suspended'
}

/** Knows the tenants there are. */
export interface TenantDirectory {
  /** @throws ApiError SERVICE_UNAVAILABLE when it cannot say */
  find(tenant: { id: TenantId } | { name: string }): DirectoryEntry | undefined | Promise<DirectoryEntry | undefined>
}

export interface TenantDirectoryOptions {
  /** Of its own, apart from those of tenant transactions: `createPool({ url, size: 1 })` of the serving role. */
  connections: ConnectionSource
  /** How long an answer is believed, in milliseconds: so long a suspension may go unseen. 5000 when left out. */
  cacheMs?: number
  /** How many answers are kept at most. 10 000 when left out. */
  cacheMax?: number
  /** For engines whose login is a superuser (PGlite): the role that asks. */
  role?: string | undefined
  /** The clock, in milliseconds. */
  now?: () => number
}

/** What was answered, once. */
interface Known {
  tenant: DirectoryEntry | undefined
  askedAt: number
  /** Until when it is the answer. */
  until: number
}

/** How long the last answer serves others, in milliseconds: while one asks again, and after one has asked in vain. */
const graceMs = 1000
/** How long the last answer serves where the database does not answer, in milliseconds. */
const lastResortMs = 60_000

/**
 * Makes a registry of the tenants in `tenancy.tenants`, which sql/35-tenant-directory.sql makes and `rowhouse tenant` writes. It asks
 * `tenancy.find_tenant()`, which tells the serving role of one tenant at a time. Answers are kept for `cacheMs`, that there is
 * no such tenant too. Where the database does not answer, what it said last serves for up to a minute.
 *
 * @throws ApiError SERVICE_UNAVAILABLE from `find`, when the database does not answer and what it said is not known
 * @example
 * const directory = createTenantDirectory({ connections: createPool({ url, size: 1 }) })
 * app.use('/tasks/*', tenant({ from: subdomain(), directory }))
 */
export function createTenantDirectory(options: TenantDirectoryOptions): TenantDirectory & { close(): Promise<void> } {
  const { connections, cacheMs = 5000, cacheMax = 10_000, role, now = Date.now } = options
  const answers = new LRUCache<string, Known>({ max: cacheMax })

  async function find(selector: string): Promise<DirectoryEntry | undefined> {
    const askedAt = now()
    const known = answers.get(selector)
    if (known && known.askedAt <= askedAt && askedAt < known.until) return known.tenant
    // Others go on with what is known, and none waits for this one: Workers let no request await what another began.
    if (known) known.until = known.askedAt + cacheMs + graceMs
    try {
      const tenant = toTenant((await queryAs(role, connections, question, [selector]))[0])
      answers.set(selector, { tenant, askedAt, until: askedAt + cacheMs })
      return tenant
    } catch (error) {
      if (!known || now() < known.askedAt || now() - known.askedAt > lastResortMs) throw error instanceof ApiError ? error : unavailable(error)
      known.until = now() + graceMs
      return known.tenant
    }
  }

  return {
    find(tenant) {
      if ('id' in tenant) return find(tenant.id)
      return isTenantSlug(tenant.name) ? find(tenant.name) : undefined
    },
    close: () => connections.close(),
  }
}

const slug = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * Whether a text can be a tenant's short name: a label of a host name (RFC 1035, section 2.3.1) in lower case, that does not
 * read as an id.
 */
export const isTenantSlug = (text: string): boolean => slug.test(text) && parseTenantId(text) === undefined

const question = 'select id, status, slug from tenancy.find_tenant($1)'

function toTenant(row: Record<string, unknown> | undefined): DirectoryEntry | undefined {
  if (row === undefined) return undefined
  const status = row.status === 'active' ? 'active' : 'suspended'
  return { id: String(row.id) as TenantId, slug: String(row.slug), status } // PostgreSQL prints a uuid canonically
}
