import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * What is to be done to a file: make it, leave it as it is, bring it up to date, or keep the hands off it, since somebody
 * else wrote or edited it.
 */
export type FileState = 'new' | 'same' | 'outdated' | 'edited'

/** A file that `init` writes, and what stands there now. */
export interface WrittenFile {
  path: string
  text: string
  state: FileState
  before: string
}

/** Its number says whether somebody has edited what stands below it. */
const marker = (body: string): string =>
  `-- Written by "rowhouse init", ${sum(body)}. Not to be edited: a file that does not fit its number is left alone.\n`
const markerLine = /^-- Written by "rowhouse init", ([0-9a-f]{16})\..*\n/
const sum = (body: string): string => createHash('sha256').update(body).digest('hex').slice(0, 16)

/** Looks what stands where a file would be written. */
export async function compareFile(path: string, body: string): Promise<WrittenFile> {
  const text = marker(body) + body
  const found = await readFile(path, 'utf8').catch(() => undefined)
  const before = (found ?? '').replaceAll('\r\n', '\n') // git may have checked it out so
  return { path, text, before, state: found === undefined ? 'new' : stateOf(before, body) }
}

function stateOf(before: string, body: string): FileState {
  const [line, number] = before.match(markerLine) ?? []
  const rest = before.slice(line?.length ?? 0)
  if (rest === body) return 'same'
  return number === sum(rest) ? 'outdated' : 'edited'
}

/** Writes a file, unless it is right already or somebody else's. */
export async function save({ path, text, state }: WrittenFile): Promise<void> {
  if (state === 'same' || state === 'edited') return
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}

/** What saving it would change, a line each, as a diff has them: what differs, without what is equal around it. */
export function changes({ before, text, state }: WrittenFile): string[] {
  if (state === 'same' || state === 'edited') return []
  const [old, now] = [before, text].map((side) => (side === '' ? [] : side.trimEnd().split('\n'))) as [
    string[],
    string[],
  ] // two sides
  const shorter = Math.min(old.length, now.length)
  let start = 0
  while (start < shorter && old[start] === now[start]) start += 1
  let end = 0
  while (end < shorter - start && old.at(-1 - end) === now.at(-1 - end)) end += 1
  const removed = old.slice(start, old.length - end).map((line) => `-${line}`)
  return [...removed, ...now.slice(start, now.length - end).map((line) => `+${line}`)]
}
