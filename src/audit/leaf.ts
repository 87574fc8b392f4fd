import { createHash } from 'node:crypto'
import { leafHash } from './tree.ts'

/** What the leaf of an entry covers. */
export interface LeafFields {
  tenantId: string
  /** From 1, without gaps. */
  position: number
  id: string
  /** `YYYY-MM-DDTHH:MM:SS.mmmZ` */
  at: string
  action: string
  resource: string | null
  targetId: string | null
  actor: string | null
  requestId: string | null
  source: string | null
  reason: string | null
  /** In hex: see {@link changesHash}. Null for an entry without changes. */
  changesHash: string | null
}

/** What an entry changed: the values of each column, as text. */
export type ColumnChanges = Readonly<Record<string, { readonly from: string | null; readonly to: string | null }>>

/**
 * The hash of an entry's leaf in the Merkle tree of its tenant, as 32 bytes. Each field is `-,` for null, or else its length in bytes
 * of UTF-8, a colon, the text and a comma, so that no two entries are encoded alike.
 *
 * @throws TypeError for text that is not well-formed: two different texts would have the same UTF-8
 * @example
 * const leaf = leafOf({ tenantId, position: 1, id, at: '2026-11-28T19:04:00.000Z', action: 'insert', … })
 */
export function leafOf(fields: LeafFields): Uint8Array {
  const { tenantId, position, id, at, action, resource, targetId, actor, requestId, source, reason } = fields
  const texts = [tenantId, String(position), id, at, action, resource, targetId, actor, requestId, source, reason]
  return leafHash(encoder.encode([...texts, fields.changesHash].map(encoded).join('')))
}

const encoder = new TextEncoder()

function encoded(text: string | null): string {
  if (text === null) return '-,'
  if (!text.isWellFormed()) throw new TypeError('A field of an audit entry is not well-formed Unicode')
  return `${Buffer.byteLength(text)}:${text},`
}

/**
 * The hash that stands in an entry's leaf for its changes: SHA-256 of the salt and of {@link changesText}. The salt keeps the values from
 * being guessed after changes and salt were erased.
 *
 * @param salt in hex
 * @returns the hash in hex
 * @example
 * changesHash('00ff', { status: { from: 'todo', to: 'done' } })
 */
export const changesHash = (salt: string, changes: ColumnChanges): string =>
  createHash('sha256').update(salt, 'hex').update(changesText(changes), 'utf8').digest('hex')

/**
 * The text of changes as PostgreSQL writes `jsonb::text`: the keys by their length in bytes, then by their bytes, and a space after
 * each comma and colon (PostgreSQL, chapter 8.14).
 *
 * @example
 * changesText({ status: { from: null, to: 'todo' } }) // {"status": {"to": "todo", "from": null}}
 */
export function changesText(changes: Texts): string {
  if (changes === null || typeof changes === 'string') return JSON.stringify(changes)
  const fields = inOrder(Object.keys(changes)).map(
    (key) => `${JSON.stringify(key)}: ${changesText(changes[key] ?? null)}`,
  )
  return `{${fields.join(', ')}}`
}

/** JSON of texts. Numbers are none: PostgreSQL tells 1 from 1.0, and JavaScript does not. */
type Texts = string | null | { readonly [key: string]: Texts }

const inOrder = (keys: readonly string[]): string[] =>
  keys
    .map((key) => ({ key, bytes: encoder.encode(key) }))
    .sort((one, other) => one.bytes.length - other.bytes.length || compareBytes(one.bytes, other.bytes))
    .map(({ key }) => key)

/** Of two texts as long as each other. */
function compareBytes(one: Uint8Array, other: Uint8Array): number {
  const at = one.findIndex((byte, index) => byte !== other[index])
  return at < 0 ? 0 : (one[at] ?? 0) - (other[at] ?? 0)
}
