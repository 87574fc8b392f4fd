export type { AuthenticationFailed, TenantListeners, TenantNotFound, TenantResolved } from './events.ts'
export { claim, firstOf, header, path, type TenantExtractor } from './extractors.ts'
export type { Selector } from './selector.ts'
export { domain, type SubdomainOptions, subdomain } from './subdomain.ts'
export { type TenantOptions, tenant } from './tenant.ts'
export {
  createTenantDirectory,
  type DirectoryEntry,
  type TenantDirectory,
  type TenantDirectoryOptions,
} from './tenant-directory.ts'
export { isTenantSlug, parseTenantKey, reservedSlugs } from './tenant-keys.ts'
