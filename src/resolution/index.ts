export type { TenancyListeners, TenantNotFound, TenantResolved, TrustFailed } from './events.ts'
export { claim, firstOf, header, path, type TenantExtractor } from './extractors.ts'
export type { Selector } from './selector.ts'
export { type SubdomainOptions, subdomain } from './subdomain.ts'
export { type TenantOptions, tenant } from './tenant.ts'
export {
  createTenantRegistry,
  isTenantSlug,
  type RegisteredTenant,
  type TenantRegistry,
  type TenantRegistryOptions,
} from './tenant-directory.ts'
