export {
  type Checkpoint,
  type CheckpointSigner,
  createCheckpointSigner,
  type ReadCheckpoint,
  readCheckpoint,
} from './checkpoint.ts'
export type { ExportedEntry, PrunedEntry } from './entry.ts'
export { createSigningKey } from './keys.ts'
export { type Changes, changesHash, changesText, type LeafFields, leafOf } from './leaf.ts'
export { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from './proofs.ts'
export { signAuditCheckpoints } from './tasks.ts'
export { append, emptyTree, rootOf, type Tree } from './tree.ts'
export { type DatabaseToVerify, verifyDatabase } from './verify-database.ts'
export { type ExportToVerify, linesOf, verifyExport } from './verify-export.ts'
export type { LogProblem, LogReport } from './verify-log.ts'
