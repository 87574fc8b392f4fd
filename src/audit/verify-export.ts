import { openCheckpoint } from './checkpoint.ts'
import { parseEntry } from './entry.ts'
import { createNoteVerifier } from './keys.ts'
import { type Expected, type LogReport, nothingVerified, verifyLog } from './verify-log.ts'

/** An export with what it is verified by. */
export interface ExportToVerify {
  /** The lines of the export of one tenant, the oldest entry first. Read once, without keeping them: see {@link linesOf}. */
  lines: AsyncIterable<string> | Iterable<string>
  /** Checkpoints of the tenant, in any order. An older one narrows the range of positions in which something is wrong. */
  checkpoints: readonly string[]
  /** Verifier keys, `name+keyid+base64`: after a rotation also the former one. */
  keys: readonly string[]
}

/**
 * Verifies the export of a tenant's audit trail against signed checkpoints, without the database: that the entries are complete, in their
 * order, and as they were when the checkpoint was signed (RFC 6962, section 2.1). An entry that was erased is verified without its changes.
 *
 * @returns what was verified, with the first `problem`
 * @throws TypeError without a checkpoint, or when a verifier key is malformed; what reading the lines throws
 * @example
 * const report = await verifyExport({
 *   lines: linesOf(createReadStream('export.ndjson')),
 *   checkpoints: [await readFile('saved.txt', 'utf8')],
 *   keys: ['rowhouse+1a2b3c4d+AQ…'],
 * })
 * if (report.problem) console.error(report.problem.message)
 */
export async function verifyExport({ lines, checkpoints, keys }: ExportToVerify): Promise<LogReport> {
  if (checkpoints.length === 0) throw new TypeError('verifyExport() needs a checkpoint')
  const verifiers = keys.map(createNoteVerifier)
  const expected: Expected[] = []
  let tenantId: string | undefined
  for (const [at, note] of checkpoints.entries()) {
    const read = openCheckpoint(note, verifiers)
    const name = checkpoints.length === 1 ? 'The checkpoint' : `Checkpoint ${at + 1}`
    if ('problem' in read) return invalid(`${name} ${read.problem}`)
    tenantId ??= read.tenantId
    if (tenantId !== read.tenantId) return invalid(`${name} is of another tenant than the first one: ${read.tenantId}`)
    expected.push({ size: read.size, root: read.root, isSigned: true })
  }
  return await verifyLog({ tenantId: tenantId ?? '', entries: entriesOf(lines), expected })
}

const invalid = (message: string): LogReport => ({
  ...{ tenantId: '', ...nothingVerified() },
  problem: { code: 'checkpoint', message },
})

async function* entriesOf(lines: ExportToVerify['lines']) {
  for await (const line of lines) if (line.trim() !== '') yield parseEntry(line)
}

/**
 * Splits text into lines at LF, and keeps one line at a time. `node:readline` does not serve: it also splits at U+2028, which JSON may
 * contain.
 *
 * @param chunks UTF-8, such as the stream of a file or the body of a response
 * @throws TypeError for bytes that are no UTF-8
 * @example
 * for await (const line of linesOf(createReadStream('export.ndjson'))) { … }
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest: string[] = []
  for await (const chunk of chunks) {
    const [first = '', ...more] = decoder.decode(chunk, { stream: true }).split('\n')
    rest.push(first)
    for (const line of more) {
      yield rest.join('')
      rest = [line]
    }
  }
  yield `${rest.join('')}${decoder.decode()}`
}
