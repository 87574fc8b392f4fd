export type { Logger } from '../text/index.ts'
export { isActor } from './actor.ts'
export {
  type Authentication,
  AuthenticationFailure,
  type AuthenticationFailureReason,
  type Credential,
  type Identity,
} from './authentication.ts'
export { authorize, type Permission } from './authorize.ts'
export { type CarriedOptions, TenantNotCarried } from './carried.ts'
export type { ClaimedTenant } from './claimed-tenant.ts'
export { type TenantContext, TenantRequired, tenantContext, type WithTenantOptions, withTenant } from './context.ts'
export { resumeFromMessage, tenantMessageHeaders } from './message-headers.ts'
export { type CarriedTenant, carryTenant, resumeTenant, tenantHeaders } from './propagation.ts'
export { tenantColumns } from './tenant-columns.ts'
export type { TenantEnv } from './tenant-env.ts'
export { parseTenantId, type TenantId, type TenantIdType } from './tenant-id.ts'
export type { TenantKey, TenantKind } from './tenant-key.ts'
export { type UnverifiedEnvironment, unverified } from './unverified.ts'
