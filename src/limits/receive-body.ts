import { ApiError } from '../errors/index.ts'
import type { ByteHold } from './byte-budget.ts'

/** A buffer begins with so many bytes. */
export const firstBytes = 4096
/** A body may arrive in so many pieces and one more for each 32 bytes: writers of tokens do so, and smaller pieces cost too much. */
const piecesMax = 1024
const pieceBytes = 32

/**
 * Reads a body without a declared length into one buffer, and counts it as it grows. A list of pieces would hold many times their
 * bytes when they are small.
 *
 * @throws ApiError PAYLOAD_TOO_LARGE for a body of more than `maxBytes`, BAD_REQUEST for one of very many pieces,
 *   SERVICE_UNAVAILABLE when the process has no room
 */
export async function receiveBody({ body }: Request, maxBytes: number, hold: ByteHold): Promise<ArrayBuffer> {
  let buffer = new Uint8Array(Math.min(firstBytes, maxBytes))
  let length = 0
  let pieces = 0
  for await (const piece of body ?? []) {
    pieces += 1
    const needed = length + piece.byteLength
    if (needed > maxBytes) throw tooLarge(maxBytes)
    if (pieces > piecesMax + length / pieceBytes)
      throw new ApiError('BAD_REQUEST', 'The body arrives in too many small pieces')
    if (needed > buffer.byteLength) {
      const larger = Math.min(maxBytes, Math.max(needed, 2 * length))
      hold.resize(larger)
      buffer = grown(buffer, larger)
    }
    buffer.set(piece, length)
    length = needed
  }
  hold.resize(length)
  return buffer.buffer.slice(0, length)
}

/** Rejects with the signal's reason when it aborts before the promise settles. It must not be aborted yet. */
export function untilAborted<T>(signal: AbortSignal | undefined, promise: Promise<T>): Promise<T> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
    promise.then(resolve, reject)
  })
}

function grown(buffer: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes)
  larger.set(buffer)
  return larger
}

export const tooLarge = (maxBytes: number) =>
  new ApiError('PAYLOAD_TOO_LARGE', `The body is larger than ${maxBytes} bytes`)

/**
 * Decodes a body of JSON or text. JSON is UTF-8 (RFC 8259, section 8.1): a lenient decoder would replace other bytes and store what
 * was not sent.
 *
 * @returns the text, which has the same bytes in UTF-8: a byte order mark is kept. Undefined for a body that is neither
 * @throws ApiError UNSUPPORTED_MEDIA_TYPE for another charset, BAD_REQUEST for bytes that are not UTF-8
 */
export function textOf(body: ArrayBuffer, contentType = 'application/json'): string | undefined {
  if (!/^text\/|json/i.test(contentType)) return undefined
  const charset = /charset="?([^";\s]+)/i.exec(contentType)?.[1]
  if (charset && !/^(utf-?8|us-ascii)$/i.test(charset))
    throw new ApiError('UNSUPPORTED_MEDIA_TYPE', 'The body must be UTF-8')
  try {
    return decoder.decode(body)
  } catch {
    throw new ApiError('BAD_REQUEST', 'The body is not UTF-8')
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
