import { createHash } from 'node:crypto'

export interface Columns {
  names: string[]
  parsers: (((text: string) => unknown) | undefined)[]
}

/** A statement that PostgreSQL keeps parsed under a name, on one connection. */
export interface PreparedStatement {
  name: string
  columns: Columns | undefined
  /** The Bind and Execute messages of a statement without parameters: the same bytes on every call. */
  constant?: Buffer
}

// PostgreSQL keeps each prepared statement in memory, and a program can generate endless texts.
const namedMax = 250

/**
 * The statements that one connection has prepared. A name is the hash of its text: a pooler that mixes up connections can
 * answer that a name is unknown, but cannot run another statement under it.
 */
export class PreparedStatements {
  private readonly byText = new Map<string, PreparedStatement>()

  get(text: string): PreparedStatement | undefined {
    const known = this.byText.get(text)
    if (known && this.byText.size > namedMax / 2) {
      this.byText.delete(text) // a Map keeps insertion order: the least recently used statement stays first
      this.byText.set(text, known)
    }
    return known
  }

  add(text: string, prepared: PreparedStatement): void {
    this.byText.set(text, prepared)
  }

  /** Removes the least recently used statement when the map is full, and returns its name. */
  takeSurplus(): string | undefined {
    if (this.byText.size < namedMax) return undefined
    const [text, { name }] = this.byText.entries().next().value as [string, PreparedStatement] // the map is full
    this.byText.delete(text)
    return name
  }
}

const names = new Map<string, string>()

/** The name of a statement on every connection. */
export function nameOf(text: string): string {
  const known = names.get(text)
  if (known) return known
  const name = `rowhouse_${createHash('sha256').update(text).digest('hex').slice(0, 40)}`
  if (names.size < 10 * namedMax) names.set(text, name)
  return name
}
