export type { AuthenticationFailed, TenantListeners, TenantNotFound, TenantResolved } from './events.ts'
export { claim, firstOf, header, path, type TenantExtractor } from './extractors.ts'
export type { Selector } from './selector.ts'
export { type SubdomainOptions, subdomain } from './subdomain.ts'
export { type TenantOptions, tenant } from './tenant.ts'
export {
  createTenantDirectory,
  type DirectoryEntry,
  isTenantSlug,
  type TenantDirectory,
  type TenantDirectoryOptions,
} from './tenant-directory.ts'
