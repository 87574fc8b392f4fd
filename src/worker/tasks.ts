import { type Connection, query } from '../database/index.ts'

/** Periodic work in a database. */
export interface WorkerTask {
  readonly name: string
  /** How long it waits after its last batch, in milliseconds. */
  readonly everyMs: number
  /** The most rows of one batch. A full batch is followed by another one at once. */
  readonly batchSize: number
  /**
   * Runs one batch in an open transaction, which commits afterwards. No other worker runs the task at the same time.
   *
   * @returns how many rows the batch had
   */
  run(connection: Connection, batchSize: number): Promise<number>
}

/** Deletes the answers of requests with an `Idempotency-Key` that have expired. */
export const purgeIdempotencyKeys: WorkerTask = {
  name: 'purge-idempotency-keys',
  everyMs: 60_000,
  batchSize: 1000,
  async run(connection, batchSize) {
    const [row] = await query(connection, 'select tenancy.purge_idempotency_keys($1::pg_catalog.int4) as rows', [
      batchSize,
    ])
    return Number(row?.rows)
  },
}

/** Gives new entries of the audit trail their positions in the logs of their tenants. */
export const appendAuditLogs: WorkerTask = {
  name: 'append-audit-logs',
  everyMs: 1000,
  batchSize: 1000,
  async run(connection, batchSize) {
    const [row] = await query(connection, 'select tenancy.append_audit_logs($1::pg_catalog.int4) as rows', [batchSize])
    return Number(row?.rows)
  },
}

/** Makes the partitions of the audit trail for this month and the next one. Without them writes work, and old months cannot be dropped. */
export const makeAuditPartitions: WorkerTask = {
  name: 'make-audit-partitions',
  everyMs: 3_600_000,
  batchSize: 1000,
  async run(connection) {
    const [row] = await query(connection, 'select tenancy.make_audit_partitions() as rows')
    return Number(row?.rows)
  },
}

/** The tasks of Rowhouse that need no key. */
export const workerTasks: readonly WorkerTask[] = [purgeIdempotencyKeys, appendAuditLogs, makeAuditPartitions]
