import type { TenantKind } from '../context/index.ts'
import { ApiError, findDatabaseError } from '../errors/index.ts'

const words: { [kind in TenantKind]: string } = { id: 'id', slug: 'slug', externalId: 'external id', domain: 'domain' }

/** Another tenant has the value of a field, or had the slug or the external id. */
export class TenantExists extends ApiError {
  constructor(
    readonly field: TenantKind,
    cause?: unknown,
  ) {
    const message = `This ${words[field]} belongs to another tenant`
    super('CONFLICT', message, { details: [{ path: field, code: 'taken', message }], cause })
  }
}

/** The directory has no such tenant. */
export class TenantNotFound extends ApiError {
  constructor() {
    super('NOT_FOUND', 'Tenant not found')
  }
}

/** By the names of the unique keys in sql/35-tenant-directory.sql. */
const fields: Record<string, TenantKind> = {
  tenants_pkey: 'id',
  tenants_slug_key: 'slug',
  tenants_external_id_key: 'externalId',
  tenant_domains_pkey: 'domain',
}

/** @throws TenantExists for a unique key, and other errors as they are */
export function rethrow(error: unknown): never {
  const field = fields[findDatabaseError(error)?.constraint ?? '']
  throw field === undefined ? error : new TenantExists(field, error)
}
