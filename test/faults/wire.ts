/** A message of the PostgreSQL protocol (version 3, chapter "Message Formats"). A client's first message has no type. */
export interface Message {
  type: string
  bytes: Buffer
}

/** The phase of a transaction, derived from its statements. */
export type Phase = 'connect' | 'begin' | 'confirm' | 'first query' | 'query' | 'long query' | 'commit' | 'rollback'

/** Splits the stream of one side into messages. */
export function createSplitter(sender: 'client' | 'server'): (chunk: Buffer) => Message[] {
  let rest: Buffer = Buffer.alloc(0)
  let isFirst = sender === 'client'
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    const messages: Message[] = []
    for (;;) {
      const typed = isFirst ? 0 : 1
      if (rest.length < typed + 4) return messages
      const length = typed + rest.readUInt32BE(typed)
      if (rest.length < length) return messages
      messages.push({ type: isFirst ? 'startup' : rest.toString('latin1', 0, 1), bytes: rest.subarray(0, length) })
      rest = rest.subarray(length)
      isFirst = false
    }
  }
}

/** Reads the statement of a Query or Bind message. A Bind names a statement of an earlier Parse. */
export function createReader(): (message: Message) => string | undefined {
  const texts = new Map<string, string>()
  return ({ type, bytes }) => {
    const next = bytes.indexOf(0, 5) + 1
    if (type === 'P') texts.set(textAt(bytes, 5), textAt(bytes, next))
    if (type === 'Q') return textAt(bytes, 5)
    return type === 'B' ? texts.get(textAt(bytes, next)) : undefined
  }
}

const textAt = (bytes: Buffer, start: number) => bytes.toString('utf8', start, bytes.indexOf(0, start))

/** The values of a Bind message. */
export function valuesOf(bind: Message): string[] {
  const { bytes } = bind
  let at = bytes.indexOf(0, bytes.indexOf(0, 5) + 1) + 1 // after the names of the portal and the statement
  at += 2 + 2 * bytes.readUInt16BE(at) // the formats
  const values: string[] = []
  let left = bytes.readUInt16BE(at)
  for (at += 2; left > 0; left -= 1) {
    const length = Math.max(0, bytes.readInt32BE(at)) // -1 is null
    values.push(bytes.toString('utf8', at + 4, at + 4 + length))
    at += 4 + length
  }
  return values
}

/** Returns the phase of a statement, given the phase before it. */
export function phaseOf(statement: string, before: Phase | undefined): Phase {
  if (statement.startsWith('begin')) return 'begin'
  if (statement.startsWith('select set_config')) return 'confirm'
  if (statement.startsWith('rollback')) return 'rollback'
  if (/(^|; )commit$/.test(statement)) return 'commit'
  if (statement.includes('pg_sleep')) return 'long query'
  return before === 'confirm' ? 'first query' : 'query'
}
