import { kindInWords } from '../context/internal.ts'
import { ApiError, causesOf, findDatabaseError } from '../errors/index.ts'
import { parseTenantKey } from '../resolution/index.ts'
import type { NewTenant } from './tenant-fields.ts'

const words = { ...kindInWords, domains: kindInWords.domain }

/** Another tenant has or had the value of a field. */
export class TenantExists extends ApiError {
  /** @param path the field, and the position in a list, as `domains.1` */
  constructor(
    readonly field: keyof NewTenant & keyof typeof words,
    path: string = field,
    cause?: unknown,
  ) {
    const message = `This ${words[field]} belongs to another tenant, or did`
    super('CONFLICT', message, { details: [{ path, code: 'taken', message }], cause })
  }
}

/** The directory has no such tenant. */
export class TenantNotFound extends ApiError {
  constructor() {
    super('NOT_FOUND', 'Tenant not found')
  }
}

/** By the names of the unique keys in sql/35-tenant-directory.sql. */
const fields: Record<string, TenantExists['field']> = {
  tenants_pkey: 'id',
  tenants_slug_key: 'slug',
  tenants_external_id_key: 'externalId',
  tenant_domains_pkey: 'domains',
}

/**
 * @param domains those of the call, as it got them
 * @throws TenantExists for a unique key, and other errors as they are
 */
export function rethrow(error: unknown, domains: readonly string[] = []): never {
  const field = fields[findDatabaseError(error)?.constraint ?? '']
  if (field === undefined) throw error
  const position = field === 'domains' ? domains.findIndex((domain) => isTaken(domain, error)) : -1
  throw new TenantExists(field, position < 0 ? field : `${field}.${position}`, error)
}

/** PostgreSQL names the value in the detail of the error, in each of its languages. */
function isTaken(domain: string, error: unknown): boolean {
  const key = parseTenantKey({ domain })
  const text = key && 'domain' in key ? `(domain)=(${key.domain})` : undefined
  return text !== undefined && causesOf(error).some((cause) => 'detail' in cause && String(cause.detail).includes(text))
}
