import { type CheckpointSigner, createCheckpointSigner, signAuditCheckpoints } from '../audit/index.ts'
import { OperatorError } from '../errors/index.ts'
import { type WorkerTask, workerTasks } from '../worker/index.ts'

/**
 * Reads AUDIT_SIGNING_KEY.
 *
 * @returns undefined when it is not set
 * @throws OperatorError when it is no key. The message does not contain it
 */
export function signerOf(key: string | undefined): CheckpointSigner | undefined {
  if (!key) return undefined
  try {
    return createCheckpointSigner({ key })
  } catch (error) {
    throw new OperatorError(`AUDIT_SIGNING_KEY ${error instanceof Error ? error.message : ''}`, { cause: error })
  }
}

/** The tasks of a worker: with a signer also the checkpoints of the audit trail. */
export const tasksWith = (signer: CheckpointSigner | undefined): WorkerTask[] => [
  ...workerTasks,
  ...(signer ? [signAuditCheckpoints(signer)] : []),
]
