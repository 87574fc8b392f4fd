import { createHash } from 'node:crypto'
import type { CallMessage } from './call-message.ts'
import { isReported } from './reported-error.ts'

export interface Columns {
  names: string[]
  parsers: (((text: string) => unknown) | undefined)[]
}

/** A statement that PostgreSQL keeps parsed under a name, on one connection. */
export interface PreparedStatement {
  name: string
  columns: Columns | undefined
  /** Its Bind and Execute messages, from the second call on. */
  call?: CallMessage
}

// PostgreSQL keeps each prepared statement in memory, about fifty times the size of its text, and a program can generate endless texts.
// The check that ends a transaction of other texts (cleaning.ts) takes a microsecond for each of them.
const countMax = 100
const lengthMax = 256_000
const textMax = 16_000

/**
 * The statements that one connection has prepared. A name is the hash of its text: a pooler that mixes up connections can
 * answer that a name is unknown, but cannot run another statement under it.
 */
export class PreparedStatements {
  private readonly byText = new Map<string, PreparedStatement>()
  private length = 0

  get(text: string): PreparedStatement | undefined {
    const known = this.byText.get(text)
    if (known && (this.byText.size > countMax / 2 || this.length > lengthMax / 2)) {
      this.byText.delete(text) // a Map keeps insertion order: the least recently used statement stays first
      this.byText.set(text, known)
    }
    return known
  }

  /** Whether a statement can be sent without being parsed and described first. */
  has(text: string): boolean {
    return this.byText.get(text)?.columns !== undefined
  }

  add(text: string, prepared: PreparedStatement): void {
    this.byText.set(text, prepared)
    this.length += text.length
  }

  /** Removes the least recently used statements until there is room for another text, and returns their names. */
  takeSurplus(): string[] {
    const surplus: string[] = []
    for (const [text, { name }] of this.byText) {
      if (this.byText.size < countMax && this.length <= lengthMax - textMax) break
      this.byText.delete(text)
      this.length -= text.length
      surplus.push(name)
    }
    return surplus
  }
}

/** The texts that this process has used, with their names from the second use on. */
const used = new Map<string, string>()
const usedLengthMax = 4 * lengthMax
let usedLength = 0

/**
 * The name of a statement, which is the same on every connection. It is empty for a long text, and for a new one: many texts, such as
 * inserts of varying length, are used once.
 */
export function nameFor(text: string): string {
  if (text.length > textMax) return ''
  const known = used.get(text)
  if (known) return known
  const isNew = known === undefined
  const name = isNew ? '' : `rowhouse_${createHash('sha256').update(text).digest('hex').slice(0, 40)}`
  used.set(text, name)
  if (isNew) usedLength += text.length
  for (const [oldest] of used) {
    if (usedLength <= usedLengthMax) break
    used.delete(oldest)
    usedLength -= oldest.length
  }
  return name
}

/** Whether PostgreSQL lost or outdated a prepared statement: a table changed, or a pooler mixed up connections. */
export const isStale = (error: unknown): boolean =>
  isReported(error) &&
  (error.code === '26000' ||
    error.code === '42P05' ||
    (error.code === '0A000' && error.routine === 'RevalidateCachedQuery'))
