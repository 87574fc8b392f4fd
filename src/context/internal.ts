// What other kit folders need and users of the kit do not.

export { globalActorOf } from './authentication.ts'
export { assertPermission, setRoles } from './authorize.ts'
export { type Bookmark, noBookmark } from './bookmark.ts'
export { isTenantKey } from './claimed-tenant.ts'
export { runInContext, typeOf } from './context.ts'
export { frozenIdentity } from './frozen-identity.ts'
export { requestsCanShareWork } from './shared-work.ts'
export { type TenantIds, tenantIdsOf } from './tenant-id.ts'
export { assertKind, keyOf, kindInWords, partsOf, tenantKinds } from './tenant-key.ts'
