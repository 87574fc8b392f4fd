import { sql } from 'drizzle-orm'
import { isActor, type TenantKey } from '../context/index.ts'
import {
  type AdminLog,
  type AdminOccasion,
  type AdminTx,
  type ConnectionSource,
  createAdminDatabase,
} from '../database/index.ts'
import { withRetry } from '../database/internal.ts'
import { consoleLog } from '../errors/internal.ts'
import { reservedSlugs } from '../resolution/index.ts'
import { rethrow } from './errors.ts'
import { type NewNames, type NewTenant, parse, schemasOf } from './tenant-fields.ts'
import { readHistory, type TenantChange } from './tenant-history.ts'
import { createTenantIdsReader, parseNewId } from './tenant-ids.ts'
import {
  type DirectoryTenant,
  getTenant,
  insertTenant,
  listTenants,
  renameTenant,
  replaceDomains,
  type TenantStatus,
} from './tenant-queries.ts'

/** How often a change runs that meets another one. */
const attempts = 3

/** Who changes the directory, and why. Both stay in its history. */
export interface Change {
  /** A person or a program: 1 to 255 characters. */
  actor: string
  /** 1 to 500 characters. */
  reason: string
}

export interface DirectoryEditorOptions {
  /** A pool that logs in as `app_directory`, which `rowhouse migrate` creates for DATABASE_DIRECTORY_URL, or as `app_admin`. */
  connections: ConnectionSource
  /** Receives each call with its reason and its actor. @default lines of JSON on the console */
  log?: AdminLog
  /** Slugs that no tenant gets. @default those that `subdomain()` takes for no tenant, such as `www` and `api` */
  reserved?: readonly string[]
  /** The role of the service, which is refused as a login. @default 'app_user' */
  servingRole?: string
}

/** Changes the tenant directory. */
export interface DirectoryEditor {
  /** @throws TenantExists, or ApiError VALIDATION_FAILED */
  create(tenant: NewTenant, by: Change): Promise<DirectoryTenant>
  /** @throws TenantNotFound */
  get(tenant: TenantKey, by?: Partial<Change>): Promise<DirectoryTenant>
  /**
   * One page of tenants in the order of their slugs.
   *
   * @param page `after`: `next` of the page before; `limit`: from 1 to 1000. @default 100
   * @returns `next` is undefined on the last page
   * @throws ApiError VALIDATION_FAILED
   */
  list(
    page?: { after?: string | undefined; limit?: number; status?: TenantStatus | undefined },
    by?: Partial<Change>,
  ): Promise<{ tenants: DirectoryTenant[]; next: string | undefined }>
  /**
   * Changes what a tenant is called and found by; what is left out stays. The tenant keeps its former slugs, external ids and domains: no
   * other tenant gets them, because a token may still name them.
   *
   * @throws TenantNotFound, TenantExists, or ApiError VALIDATION_FAILED
   */
  rename(tenant: TenantKey, names: NewNames, by: Change): Promise<DirectoryTenant>
  /**
   * Refuses new requests of a tenant, within six seconds in each process, and within a minute in one whose database does not answer. Those
   * that are running end as usual. A tenant that is suspended stays so, with the reason that it has.
   *
   * @throws TenantNotFound
   */
  suspend(tenant: TenantKey, by: Change): Promise<DirectoryTenant>
  /** Serves a suspended tenant again. @throws TenantNotFound */
  resume(tenant: TenantKey, by: Change): Promise<DirectoryTenant>
  /**
   * The changes of a tenant, the last one first.
   *
   * @param page `before`: the `id` of the last change of the page before; `limit`: from 1 to 1000. @default 100
   * @throws TenantNotFound, or ApiError VALIDATION_FAILED
   */
  history(tenant: TenantKey, page?: { before?: string; limit?: number }, by?: Partial<Change>): Promise<TenantChange[]>
  /** Closes its connections. */
  close(): Promise<void>
}

/**
 * Creates what changes the tenant directory at run time, such as the sign-up of a new customer. Its login may do this and nothing
 * else. Call it outside of a tenant's context, in routes without `tenant()`. Two calls for one name at the same time: one of them gets
 * the name, the other one TenantExists.
 *
 * Each call throws TypeError for an actor or a reason that is missing or too long, TransactionMisuse in a tenant's context, and
 * WrongAdminLogin for the login of the service.
 *
 * @example
 * const tenants = createDirectoryEditor({ connections: createPool({ url: directoryUrl, size: 1 }) })
 * await tenants.create({ slug: 'acme', name: 'Acme Inc.', externalId: 'org_2Nx' }, { actor: 'ada', reason: 'sign-up' })
 */
export function createDirectoryEditor(options: DirectoryEditorOptions): DirectoryEditor {
  const { connections, log = consoleLog, reserved = reservedSlugs, servingRole = 'app_user' } = options
  const admin = createAdminDatabase({ connections, log, servingRole, allowBound: true })
  const idsOf = createTenantIdsReader()
  const schemas = schemasOf(reserved)

  const read = <T>(by: Partial<Change>, work: (tx: AdminTx) => Promise<T>): Promise<T> =>
    admin.read({ reason: by.reason ?? 'read the tenant directory', actor: by.actor }, work)

  async function write<T>(by: Change, work: (tx: AdminTx) => Promise<T>, domains?: readonly string[]): Promise<T> {
    if (!isActor(by.actor))
      throw new TypeError('A change of the tenant directory needs an actor of 1 to 255 characters')
    // Two changes that swap names can wait for each other, and one of them runs again.
    return await withRetry(false, attempts, () => admin.write(by satisfies AdminOccasion, work)).catch((error) =>
      rethrow(error, domains),
    )
  }

  const setStatus = (tenant: TenantKey, status: TenantStatus, by: Change): Promise<DirectoryTenant> =>
    write(by, async (tx) => {
      const ids = await idsOf(tx)
      const { id, status: before } = await getTenant(tx, tenant, ids, { lock: true })
      if (before !== status) await tx.execute(sql`update tenancy.tenants set status = ${status} where id = ${id}`)
      return await getTenant(tx, { id }, ids)
    })

  return {
    async create(given, by) {
      const tenant = parse(schemas.create, given)
      const work = async (tx: AdminTx) => {
        const ids = await idsOf(tx)
        const id = await insertTenant(tx, {
          ...tenant,
          id: tenant.id === undefined ? undefined : parseNewId(tenant.id, ids),
        })
        await replaceDomains(tx, id, tenant.domains ?? [])
        return await getTenant(tx, { id }, ids)
      }
      return await write(by, work, given.domains)
    },
    get: (tenant, by = {}) => read(by, async (tx) => getTenant(tx, tenant, await idsOf(tx))),
    async list(page = {}, by = {}) {
      const { after, limit, status } = parse(schemas.list, page)
      const rows = await read(by, (tx) => listTenants(tx, { after, status, limit: limit + 1 }))
      const tenants = rows.slice(0, limit)
      return { tenants, next: rows.length > limit ? tenants.at(-1)?.slug : undefined }
    },
    async rename(tenant, given, by) {
      const names = parse(schemas.rename, given)
      const work = async (tx: AdminTx) => {
        const ids = await idsOf(tx)
        const { id } = await getTenant(tx, tenant, ids, { lock: true })
        await renameTenant(tx, id, names)
        if (names.domains !== undefined) await replaceDomains(tx, id, names.domains, names)
        return await getTenant(tx, { id }, ids)
      }
      return await write(by, work, given.domains)
    },
    suspend: (tenant, by) => setStatus(tenant, 'suspended', by),
    resume: (tenant, by) => setStatus(tenant, 'active', by),
    async history(tenant, page = {}, by = {}) {
      const { before, limit } = parse(schemas.history, page)
      return await read(by, async (tx) => {
        const { id } = await getTenant(tx, tenant, await idsOf(tx))
        return await readHistory(tx, id, { before, limit })
      })
    },
    close: () => admin.close(),
  }
}
