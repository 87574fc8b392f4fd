import { statfsSync } from 'node:fs'

// `bun run up` imports this file before any package is installed, so it imports none.

const notAllowed = 'this user may not write there. Use a folder of your own, or correct its owner and mode.'
const isFile = 'a file has its name. Delete or rename the file.'
const problems: Record<string, string> = {
  EACCES: notAllowed,
  EPERM: notAllowed,
  EROFS: 'the file system is read-only. Use another folder.',
  EEXIST: isFile,
  ENOTDIR: isFile,
}
/** With less than this, PGlite cannot start: its log has segments of this size. */
const neededBytes = 16 * 1024 ** 2

/**
 * Why nothing could be written to a folder, and what to do; undefined for an unknown reason.
 *
 * @param code the error's name of the system, such as EACCES
 */
export function folderProblem(folder: string, code: string): string | undefined {
  return problems[code] ?? (isFull(folder) ? 'the disk is full. Free some space.' : undefined)
}

function isFull(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize < neededBytes
  } catch {
    return false // the folder does not exist
  }
}
