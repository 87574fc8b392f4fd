export {
  type Change,
  createDirectoryEditor,
  type DirectoryEditor,
  type DirectoryEditorOptions,
} from './directory-editor.ts'
export { TenantExists, TenantNotFound } from './errors.ts'
export type { NewNames, NewTenant, TenantNames } from './tenant-fields.ts'
export type { TenantChange } from './tenant-history.ts'
export type { DirectoryTenant, TenantStatus } from './tenant-queries.ts'
