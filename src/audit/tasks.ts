import { query } from '../database/index.ts'
import type { WorkerTask } from '../worker/index.ts'
import type { CheckpointSigner } from './checkpoint.ts'
import { logColumns, toStoredLog } from './stored-log.ts'
import { rootOf } from './tree.ts'

/**
 * Creates the task that signs a checkpoint of each log that has grown since its last one, each second. It signs what the database has: a
 * checkpoint that is kept elsewhere proves what came before it.
 *
 * @param signer of {@link createCheckpointSigner}
 * @example
 * const signer = createCheckpointSigner({ key: process.env.AUDIT_SIGNING_KEY ?? '' })
 * await runWorker({ connections, log, tasks: [...workerTasks, signAuditCheckpoints(signer)] })
 */
export const signAuditCheckpoints = (signer: CheckpointSigner): WorkerTask => ({
  name: 'sign-audit-checkpoints',
  everyMs: 1000,
  batchSize: 500,
  async run(connection, batchSize) {
    const rows = await query(connection, unsignedQuery, [batchSize])
    const at = new Date().toISOString()
    const notes = rows.map(toStoredLog).map((log) => ({
      tenant: log.tenantId,
      size: log.size,
      note: signer.sign({ tenantId: log.tenantId, size: log.size, root: rootOf(log), at }),
    }))
    if (notes.length > 0) await query(connection, storeQuery, [JSON.stringify(notes)])
    return notes.length
  },
})

const unsignedQuery = `select ${logColumns} from tenancy.unsigned_audit_logs($1::pg_catalog.int4)`
const storeQuery = `
  select tenancy.store_audit_checkpoint(tenant, size, note)
  from json_to_recordset($1::pg_catalog.json) as notes (tenant text, size bigint, note text)`
