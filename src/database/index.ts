export {
  type AdminDatabase,
  type AdminDatabaseOptions,
  type AdminLog,
  createAdminDatabase,
} from './admin-database.ts'
export { type AdminOccasion, WrongAdminLogin } from './admin-opening.ts'
export { type Connection, type ConnectionSource, query, type WholeReply, type WholeTransaction } from './connection.ts'
export { connectionPerTransaction } from './connection-per-transaction.ts'
export { countUpTo } from './count-up-to.ts'
export { SettingsNotConfirmed, TenantNotConfirmed } from './not-confirmed.ts'
export { type ConnectionOptions, openConnection } from './open-connection.ts'
export { createPool, type Pool, type PoolNumbers, type PoolOptions } from './pool.ts'
export { prepared } from './prepared.ts'
export { preparedUpdate } from './prepared-update.ts'
export { exists, mapped, one, type Query } from './query.ts'
export type { LoggedQuery, QueryLogger } from './query-logger.ts'
export { createReplica, type Replica, type ReplicaOptions } from './replica.ts'
export { rowCount } from './row-count.ts'
export { createTenantSigner, type SigningKey, signingKeyOf, type TenantSigner } from './signed-context.ts'
export { OtherTenantIds, PrivilegedLogin } from './start-check.ts'
export type { Rows, Statement, StatementResult } from './statement.ts'
export {
  createTenantDatabase,
  type ProtocolViolation,
  type TenantDatabase,
  type TenantDatabaseOptions,
} from './tenant-database.ts'
export type { IsolationLevel } from './tenant-opening.ts'
export type { AdminTx, StreamOptions, TenantTx } from './tenant-tx.ts'
export { TransactionMisuse } from './transaction-misuse.ts'
