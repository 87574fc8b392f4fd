import type { Connection } from '../database/index.ts'
import { type Checkpoint, openCheckpoint } from './checkpoint.ts'
import { createNoteVerifier, type NoteVerifier } from './keys.ts'
import { readEntries, readLogs, readNotes, type StoredLog } from './stored-log.ts'
import { rootOf } from './tree.ts'
import { type Expected, type LogProblem, type LogReport, nothingVerified, verifyLog } from './verify-log.ts'

/** A database with what its logs are verified by. */
export interface DatabaseToVerify {
  /** A connection without an open transaction, as the owner of the database. */
  connection: Connection
  /** Verifier keys, `name+keyid+base64`: after a rotation also the former one. */
  keys: readonly string[]
  /** Checkpoints that were kept outside of the database, of any tenant. Without them, the owner of the database can remove the newest ones. */
  checkpoints?: readonly string[]
  /** The id of the tenant whose log is verified. @default all tenants */
  tenantId?: string | undefined
}

/**
 * Verifies the logs of the tenants of a database: their entries against the checkpoints that are stored there, those that were kept
 * elsewhere, and the tree that the next entry will be added to. It reads page by page, without a transaction.
 *
 * @returns a report for each tenant, in the order of their ids, after one for each given checkpoint that is not valid
 * @throws TypeError when a verifier key is malformed; ApiError SERVICE_UNAVAILABLE when the database does not answer
 * @example
 * for await (const { tenantId, problem } of verifyDatabase({ connection, keys: ['rowhouse+1a2b3c4d+AQ…'] }))
 *   if (problem) console.error(tenantId, problem.message)
 */
export async function* verifyDatabase(options: DatabaseToVerify): AsyncGenerator<LogReport, void, undefined> {
  const { connection, keys, checkpoints = [], tenantId } = options
  const verifiers = keys.map(createNoteVerifier)
  const kept: Checkpoint[] = []
  for (const [at, note] of checkpoints.entries()) {
    const read = openCheckpoint(note, verifiers)
    if ('problem' in read) yield { tenantId: '', ...invalid(`Checkpoint ${at + 1} ${read.problem}`) }
    else kept.push(read)
  }
  const stored = new Map((await readLogs(connection)).map((log) => [log.tenantId, log]))
  const tenants = new Set([...stored.keys(), ...kept.map((one) => one.tenantId)])
  for (const id of [...tenants].toSorted().filter((one) => tenantId === undefined || one === tenantId)) {
    const log = stored.get(id) ?? { tenantId: id, size: 0, trees: [] }
    yield await verifyStoredLog(
      connection,
      log,
      kept.filter((one) => one.tenantId === id),
      verifiers,
    )
  }
}

async function verifyStoredLog(
  connection: Connection,
  log: StoredLog,
  kept: readonly Checkpoint[],
  verifiers: readonly NoteVerifier[],
): Promise<LogReport> {
  const { tenantId, size } = log
  const expected: Expected[] = kept.map((one) => ({ size: one.size, root: one.root, isSigned: true }))
  for (const note of await readNotes(connection, tenantId)) {
    const read = openCheckpoint(note, verifiers)
    const problem = 'problem' in read ? read.problem : read.tenantId === tenantId ? undefined : 'is of another tenant'
    if (problem !== undefined) return { tenantId, ...invalid(`A checkpoint in tenancy.audit_checkpoints ${problem}`) }
    if (!('problem' in read)) expected.push({ size: read.size, root: read.root, isSigned: true })
  }
  try {
    expected.push({ size, root: rootOf(log), isSigned: false })
  } catch {
    const problem: LogProblem = {
      ...{ code: 'root', from: 1, to: size },
      message: `tenancy.audit_logs does not have the trees of a log of ${size}`,
    }
    return { tenantId, ...nothingVerified(), problem }
  }
  return await verifyLog({ tenantId, entries: readEntries(connection, tenantId), expected })
}

const invalid = (message: string): Omit<LogReport, 'tenantId'> => ({
  ...nothingVerified(),
  problem: { code: 'checkpoint', message },
})
