import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, relative } from 'node:path'
import { readText } from '../../migrate/index.ts'
import { unifiedDiff } from './unified-diff.ts'

/** `edited` means that `init` did not write the present text: such a file is never overwritten. */
export type FileState = 'new' | 'same' | 'outdated' | 'edited'

/** A file that `init` writes. */
export interface WrittenFile {
  path: string
  /** The text to write. */
  text: string
  state: FileState
  /** The present text; empty when the file does not exist. */
  before: string
}

/** The first line: its checksum shows whether the lines below it were edited. */
const marker = (body: string): string =>
  `-- Written by "rowhouse init", ${checksum(body)}. Do not edit: "rowhouse init" updates the file only while this checksum matches.\n`
const markerLine = /^-- Written by "rowhouse init", ([0-9a-f]{16})\..*\n/
const checksum = (body: string): string => createHash('sha256').update(body).digest('hex').slice(0, 16)

/** Compares the file at a path with the body that `init` would write there. */
export async function compareFile(path: string, body: string): Promise<WrittenFile> {
  const text = marker(body) + body
  const found = await readText(path).catch(() => undefined)
  return { path, text, before: found ?? '', state: found === undefined ? 'new' : stateOf(found, body) }
}

function stateOf(before: string, body: string): FileState {
  const [line, written] = before.match(markerLine) ?? []
  const rest = before.slice(line?.length ?? 0)
  if (rest === body) return 'same'
  return written === checksum(rest) ? 'outdated' : 'edited'
}

/** What a command did with a file, or would do. */
export const outcomeOf = ({ state }: WrittenFile, isDry = false): string =>
  ({
    new: isDry ? 'would be written' : 'written',
    outdated: isDry ? 'would be updated' : 'updated',
    same: 'is up to date',
    edited: 'was not changed: somebody edited it',
  })[state]

/** Writes a file, unless it is up to date or edited. */
export async function save({ path, text, state }: WrittenFile): Promise<void> {
  if (state === 'same' || state === 'edited') return
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}

/**
 * The difference between the present text of a file and the one that `init` would write, as a unified diff.
 *
 * @param folder names in the diff are relative to it
 * @returns an empty text when there is none
 */
export const changes = ({ path, before, text, state }: WrittenFile, folder: string): string =>
  state === 'same' ? '' : unifiedDiff(relative(folder, path), before, text).replace(/\n$/, '')
