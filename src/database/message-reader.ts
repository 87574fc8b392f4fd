import type { BackendMessage } from 'pg-protocol/dist/messages'
import { Parser } from 'pg-protocol/dist/parser.js'

/** What receives PostgreSQL's messages, in their order. */
export interface MessageListener {
  onDataRow(fields: (string | null)[]): void
  /** @param tag the command tag, such as `INSERT 0 5`; '' for an empty query */
  onCommandComplete(tag: string): void
  onParseComplete(): void
  /** @param status `I`: idle, `T`: in a transaction, `E`: in a failed transaction */
  onReadyForQuery(status: string): void
  /** Every other message. */
  onOther(message: BackendMessage): void
}

const codes = {
  parseComplete: 0x31,
  bindComplete: 0x32,
  closeComplete: 0x33,
  commandComplete: 0x43,
  dataRow: 0x44,
  emptyQuery: 0x49,
  readyForQuery: 0x5a,
}
const headerBytes = 5
// Of the other messages that a server may send after the login (PostgreSQL, chapter 55.7).
const otherCodes = new Set(Array.from('AEGHKNSTVWcdnst', (letter) => letter.charCodeAt(0)))

/**
 * Reads the messages of PostgreSQL from the chunks of a socket (PostgreSQL, chapter 55.7 "Message Formats"). The frequent messages are
 * read here, because an object for each would cost more than its values; pg reads the others.
 */
export class MessageReader {
  /** The chunks of a message that has not arrived completely. */
  private chunks: Buffer[] = []
  private bufferedBytes = 0
  private neededBytes = 0

  constructor(private readonly listener: MessageListener) {}

  /**
   * Reads the messages that are complete with this chunk.
   *
   * @throws Error for what is no message of PostgreSQL, and what the listener throws: the rest cannot be read
   */
  read(chunk: Buffer): void {
    const bytes = this.bufferedBytes === 0 ? chunk : this.joinedWith(chunk)
    if (bytes === undefined) return
    let at = 0
    while (bytes.length - at >= headerBytes) {
      const end = endOf(bytes, at)
      if (end > bytes.length) break
      this.readMessage(bytes, at, end)
      at = end
    }
    if (at < bytes.length) this.keep(bytes.subarray(at))
  }

  /** The kept chunks and this one; undefined while the message is still incomplete. A long message is joined once. */
  private joinedWith(chunk: Buffer): Buffer | undefined {
    this.chunks.push(chunk)
    this.bufferedBytes += chunk.length
    if (this.bufferedBytes < this.neededBytes) return undefined
    const bytes = Buffer.concat(this.chunks, this.bufferedBytes)
    this.chunks = []
    this.bufferedBytes = 0
    return bytes
  }

  private keep(rest: Buffer): void {
    this.chunks = [rest]
    this.bufferedBytes = rest.length
    this.neededBytes = rest.length < headerBytes ? headerBytes : endOf(rest, 0)
  }

  private readMessage(bytes: Buffer, start: number, end: number): void {
    const { listener } = this
    const body = start + headerBytes
    switch (bytes[start]) {
      case codes.dataRow:
        listener.onDataRow(fieldsOf(bytes, body))
        break
      case codes.bindComplete:
      case codes.closeComplete:
        break
      case codes.commandComplete:
        listener.onCommandComplete(bytes.toString('latin1', body, end - 1))
        break
      case codes.emptyQuery:
        listener.onCommandComplete('')
        break
      case codes.readyForQuery:
        listener.onReadyForQuery(bytes.toString('latin1', body, end))
        break
      case codes.parseComplete:
        listener.onParseComplete()
        break
      default:
        if (!otherCodes.has(bytes[start] ?? 0)) throw new Error('PostgreSQL sent a message of an unknown kind')
        new Parser().parse(bytes.subarray(start, end), (message) => listener.onOther(message))
    }
  }
}

/** The fields of a DataRow message as text. */
function fieldsOf(bytes: Buffer, start: number): (string | null)[] {
  const fields: (string | null)[] = []
  const count = bytes.readUInt16BE(start)
  let at = start + 2
  for (let index = 0; index < count; index += 1) {
    const length = bytes.readInt32BE(at)
    at += 4
    if (length < 0) {
      fields.push(null)
    } else {
      fields.push(bytes.toString('utf8', at, at + length))
      at += length
    }
  }
  return fields
}

/** Where the message at an offset ends. Its length counts itself, without the code before it. */
function endOf(bytes: Buffer, at: number): number {
  const length = bytes.readInt32BE(at + 1)
  if (length < 4) throw new Error('PostgreSQL sent a message of an impossible length')
  return at + 1 + length
}
