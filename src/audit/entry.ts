import { type ColumnChanges, changesHash, type LeafFields, leafOf } from './leaf.ts'

/** An entry as the export of an audit trail has it. */
export interface ExportedEntry extends Omit<LeafFields, 'tenantId'> {
  /** Null once it is erased. */
  changes: ColumnChanges | null
  /** In hex. Null once `changes` is erased. */
  salt: string | null
}

/** What is left of an entry whose month was pruned. */
export interface PrunedEntry {
  position: number
  /** The hash of the entry, in hex. */
  leaf: string
}

const nullable = ['resource', 'targetId', 'actor', 'requestId', 'source', 'reason'] as const
const required = ['id', 'at', 'action'] as const
const fields = ['position', ...required, ...nullable, 'changes', 'salt', 'changesHash']
const hash = /^[0-9a-f]{64}$/
const hex = /^(?:[0-9a-f]{2})+$/

/**
 * Reads a line of an export.
 *
 * @returns undefined for a line that has another form, that names a field twice, or whose text is not well-formed: two readers could
 *   take it for different entries
 */
export function parseEntry(line: string): ExportedEntry | PrunedEntry | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  return isEntry(value) && namesIn(line) === countNames(value) ? value : undefined
}

const isPrunedEntry = (value: unknown): value is PrunedEntry =>
  hasFields(value, ['position', 'leaf']) && isPosition(value.position) && isText(value.leaf) && hash.test(value.leaf)

/** Whether a value is an entry, whole or pruned, and nothing more. */
export const isEntry = (value: unknown): value is ExportedEntry | PrunedEntry =>
  isPrunedEntry(value) || isWholeEntry(value)

function isWholeEntry(value: unknown): value is ExportedEntry {
  if (!hasFields(value, fields) || !isPosition(value.position)) return false
  const { changes, salt, changesHash } = value
  return (
    required.every((name) => isText(value[name])) &&
    nullable.every((name) => isTextOrNull(value[name])) &&
    (changes === null || isChanges(changes)) &&
    (salt === null || (isText(salt) && hex.test(salt))) &&
    (changesHash === null || (isText(changesHash) && hash.test(changesHash)))
  )
}

const isChanges = (value: unknown): value is ColumnChanges =>
  isObject(value) &&
  Object.entries(value).every(
    ([column, sides]) =>
      isText(column) && hasFields(sides, ['from', 'to']) && isTextOrNull(sides.from) && isTextOrNull(sides.to),
  )

const isPosition = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0
const isText = (value: unknown): value is string => typeof value === 'string' && value.isWellFormed()
const isTextOrNull = (value: unknown): value is string | null => value === null || isText(value)
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const hasFields = (value: unknown, names: readonly string[]): value is Record<string, unknown> =>
  isObject(value) && Object.keys(value).length === names.length && names.every((name) => Object.hasOwn(value, name))

/** JSON.parse keeps the last of two fields with one name, and other readers keep the first. */
const namesIn = (json: string): number =>
  [...json.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon !== undefined).length
const countNames = (value: unknown): number =>
  isObject(value) ? Object.values(value).reduce((sum: number, one) => sum + 1 + countNames(one), 0) : 0

/** Whether the hash of an entry is all that is left of it. */
export const isPruned = (entry: ExportedEntry | PrunedEntry): entry is PrunedEntry => 'leaf' in entry

/** Whether an entry was erased: who did what when is left, and the hash of what changed. */
export const isErased = ({ changes, salt, changesHash }: ExportedEntry): boolean =>
  changes === null && salt === null && changesHash !== null

/** Whether the changes of an entry are those that its leaf covers. */
export function hasItsChanges(entry: ExportedEntry): boolean {
  const { changes, salt, changesHash: covered } = entry
  if (changes !== null && salt !== null) return covered === changesHash(salt, changes)
  return changes === null && salt === null
}

/** The hash of an entry in the tree of its tenant. */
export const leafOfEntry = (tenantId: string, entry: ExportedEntry | PrunedEntry): Uint8Array =>
  isPruned(entry) ? Buffer.from(entry.leaf, 'hex') : leafOf({ tenantId, ...entry })
