export { type Change, type Changes, type ChangesPage, changeFields, changes } from './changes.ts'
export {
  type Checkpoint,
  type CheckpointSigner,
  createCheckpointSigner,
  type ReadCheckpoint,
  readCheckpoint,
} from './checkpoint.ts'
export type { ExportedEntry, PrunedEntry } from './entry.ts'
export { type AuditEvent, audit } from './event.ts'
export type { AuditRoutesOptions } from './export.ts'
export { createSigningKey } from './keys.ts'
export { type ColumnChanges, changesHash, changesText, type LeafFields, leafOf } from './leaf.ts'
export { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from './proofs.ts'
export { auditRoutes } from './routes.ts'
export { signAuditCheckpoints } from './tasks.ts'
export { append, emptyTree, rootOf, type Tree } from './tree.ts'
export { type UndoneChange, type UndoOptions, undoRequest } from './undo.ts'
export { undoRoutes } from './undo-routes.ts'
export { type DatabaseToVerify, verifyDatabase } from './verify-database.ts'
export { type ExportToVerify, linesOf, verifyExport } from './verify-export.ts'
export type { LogProblem, LogReport } from './verify-log.ts'
