export {
  type Change,
  createDirectoryEditor,
  type DirectoryEditor,
  type DirectoryEditorOptions,
  type NewTenant,
} from './directory-editor.ts'
export { TenantExists, TenantNotFound } from './errors.ts'
export type { TenantNames } from './tenant-fields.ts'
export type { TenantChange } from './tenant-history.ts'
export type { DirectoryTenant, TenantStatus } from './tenant-queries.ts'
