import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { type LogReport, linesOf, verifyExport } from '../audit/index.ts'
import { OperatorError } from '../errors/index.ts'
import type { ProcessIo } from './io.ts'

/**
 * Reads files with a checkpoint each.
 *
 * @throws OperatorError when a file cannot be read, or holds no checkpoint at all
 */
export const readNotes = ({ cwd }: ProcessIo, paths: readonly string[]): Promise<string[]> =>
  Promise.all(
    paths.map(async (path) => {
      const note = await readFile(resolve(cwd, path), 'utf8').catch((error) => {
        throw unreadable(path, error)
      })
      if (note.includes('\n— ')) return note
      throw new OperatorError(`${basename(path)} is no checkpoint: it has no signature`)
    }),
  )

/**
 * Verifies a file with the export of a tenant.
 *
 * @throws OperatorError when it cannot be read or is no text, and without a checkpoint
 */
export async function verifyFile(
  { cwd }: ProcessIo,
  path: string,
  given: { keys: readonly string[]; checkpoints: readonly string[] },
): Promise<LogReport> {
  if (given.checkpoints.length === 0)
    throw new OperatorError('An export is verified against a checkpoint: give --checkpoint with the file of one')
  try {
    return await verifyExport({ ...given, lines: linesOf(createReadStream(resolve(cwd, path))) })
  } catch (error) {
    throw unreadable(path, error)
  }
}

function unreadable(path: string, error: unknown): unknown {
  const name = basename(path)
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  const reason = reasons[code ?? '']
  return reason === undefined ? error : new OperatorError(`${name} ${reason}`, { cause: error })
}

const reasons: Record<string, string> = {
  ENOENT: 'does not exist',
  EISDIR: 'is a folder',
  EACCES: 'may not be read by this user',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'is no text in UTF-8',
}
