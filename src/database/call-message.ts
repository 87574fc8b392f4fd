import { serialize } from 'pg-protocol'

const execute = serialize.execute()
const bindCode = 0x42

/** The beginning of the Bind message of a named statement, with its length left out: the portal has no name. */
const headOf = (name: string): Buffer =>
  Buffer.concat([Buffer.from([bindCode, 0, 0, 0, 0, 0]), Buffer.from(`${name}\0`)])

/**
 * Bind and Execute of a statement (PostgreSQL, chapter 55.7 "Message Formats"). A transaction of one statement consists of two of them,
 * so they are written into one buffer, with their beginning made once.
 */
export class CallMessage {
  private readonly head: Buffer

  constructor(name: string) {
    this.head = headOf(name)
  }

  /** The length of the messages with these parameters, in bytes. */
  lengthWith(values: readonly (string | Buffer | null)[]): number {
    const formats = hasBytes(values) ? 2 * values.length : 0
    let length = this.head.length + 2 + formats + 2 + 2 + execute.length
    for (const value of values) length += 4 + (value === null ? 0 : Buffer.byteLength(value))
    return length
  }

  /**
   * Writes the messages into a buffer, which must have room for them.
   *
   * @returns the offset behind them
   */
  write(into: Buffer, offset: number, values: readonly (string | Buffer | null)[]): number {
    const formats = hasBytes(values) ? values : []
    let at = offset + this.head.copy(into, offset)
    at = into.writeUInt16BE(formats.length, at) // no format at all: every parameter is text
    for (const value of formats) at = into.writeUInt16BE(Buffer.isBuffer(value) ? 1 : 0, at)
    at = into.writeUInt16BE(values.length, at)
    for (const value of values) at = writeValue(into, at, value)
    at = into.writeUInt16BE(0, at) // every column of the result is text
    into.writeInt32BE(at - offset - 1, offset + 1)
    return at + execute.copy(into, at)
  }
}

const hasBytes = (values: readonly (string | Buffer | null)[]): boolean =>
  values.some((value) => Buffer.isBuffer(value))

function writeValue(into: Buffer, offset: number, value: string | Buffer | null): number {
  if (value === null) return into.writeInt32BE(-1, offset)
  const start = offset + 4
  const length = typeof value === 'string' ? into.write(value, start) : value.copy(into, start)
  into.writeInt32BE(length, offset)
  return start + length
}
