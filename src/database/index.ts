export {
  type AdminDatabase,
  type AdminDatabaseOptions,
  type AdminLog,
  createAdminDatabase,
} from './admin-database.ts'
export { type AdminOccasion, type AdminTx, WrongAdminLogin } from './admin-transaction.ts'
export type { Answer, Rows, Statement } from './batch.ts'
export {
  type Connection,
  type ConnectionOptions,
  type ConnectionSource,
  connectionPerTransaction,
  openConnection,
  query,
} from './connection.ts'
export { countUpTo } from './count-up-to.ts'
export { createPool, type PoolOptions } from './pool.ts'
export { prepared } from './prepared.ts'
export { queryAs } from './query-as.ts'
export { createReplica, type Replica, type ReplicaOptions } from './replica.ts'
export { createTenantSigner, type SigningKey, signingKeyOf, type TenantSigner } from './signed-context.ts'
export {
  createTenantDatabase,
  type ProtocolViolation,
  type TenantDatabase,
  type TenantDatabaseOptions,
  TenantNotConfirmed,
} from './tenant-database.ts'
export type { TenantTx } from './tenant-tx.ts'
export { TransactionMisuse } from './transaction-misuse.ts'
