export { isActor } from './actor.ts'
export {
  type AdminDatabase,
  type AdminDatabaseOptions,
  type AdminLog,
  createAdminDatabase,
} from './admin-database.ts'
export { type AdminOccasion, type AdminTx, WrongAdminLogin } from './admin-transaction.ts'
export type { Answer, Rows, Statement } from './batch.ts'
export { TenantNotCarried } from './carried.ts'
export {
  type Connection,
  type ConnectionOptions,
  type ConnectionSource,
  connectionPerTransaction,
  openConnection,
  query,
} from './connection.ts'
export { type TenantContext, tenantContext, withTenant } from './context.ts'
export { countUpTo } from './count.ts'
export type { TenancyListeners, TenantNotFound, TenantResolved, TrustFailed } from './events.ts'
export { claim, firstOf, header, path, type TenantExtractor } from './extractors.ts'
export { resumeFromMessage, tenantMessageHeaders } from './message-headers.ts'
export { type TenantEnv, type TenantOptions, tenant } from './middleware.ts'
export { createPool, type PoolOptions } from './pool.ts'
export { prepared } from './prepared.ts'
export { type CarriedTenant, carryTenant, resumeTenant, tenantHeaders } from './propagation.ts'
export { Recent, type RecentOptions } from './recent.ts'
export type { RegisteredTenant, TenantRegistry } from './registry.ts'
export { createReplica, type Replica, type ReplicaOptions } from './replica.ts'
export { createTenantSeal, type SealKey, sealKeyOf, type TenantSeal } from './seal.ts'
export type { Selector } from './selector.ts'
export { type SubdomainOptions, subdomain } from './subdomain.ts'
export { tenantColumns } from './tenant-columns.ts'
export {
  createTenantDatabase,
  type Surprise,
  type TenantDatabase,
  type TenantDatabaseOptions,
  TenantNotConfirmed,
  TenantRequired,
} from './tenant-database.ts'
export { parseTenantId, type TenantId } from './tenant-id.ts'
export { createTenantRegistry, isTenantSlug, type TenantRegistryOptions } from './tenant-registry.ts'
export { type TenantTx, TransactionMisuse } from './tenant-tx.ts'
export { type Identity, type Trust, TrustFailure, type TrustFailureReason } from './trust.ts'
