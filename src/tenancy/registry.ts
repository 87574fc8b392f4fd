import type { TenantId } from './tenant-id.ts'

/** A tenant that is known. */
export interface RegisteredTenant {
  readonly id: TenantId
  /** Its short name, as in `acme.example.com`. */
  readonly slug: string
  readonly status: 'active' | 'suspended'
}

/** Knows the tenants there are. */
export interface TenantRegistry {
  /** @throws ApiError SERVICE_UNAVAILABLE when it cannot say */
  find(
    tenant: { id: TenantId } | { name: string },
  ): RegisteredTenant | undefined | Promise<RegisteredTenant | undefined>
}
