export type { Logger } from '../text/index.ts'
export { isActor } from './actor.ts'
export {
  type Authentication,
  AuthenticationFailure,
  type AuthenticationFailureReason,
  type Identity,
} from './authentication.ts'
export { type CarriedOptions, TenantNotCarried } from './carried.ts'
export { type TenantContext, TenantRequired, tenantContext, type WithTenantOptions, withTenant } from './context.ts'
export { resumeFromMessage, tenantMessageHeaders } from './message-headers.ts'
export { type CarriedTenant, carryTenant, resumeTenant, tenantHeaders } from './propagation.ts'
export { tenantColumns } from './tenant-columns.ts'
export type { TenantEnv } from './tenant-env.ts'
export { parseTenantId, type TenantId, type TenantIdType } from './tenant-id.ts'
export { type UnverifiedEnvironment, unverified } from './unverified.ts'
