import { ApiError } from '../errors/index.ts'
import type { ByteHold } from './byte-budget.ts'

/** A body without a declared length begins with this, in bytes; so much is also counted for a smaller one. */
const smallBytes = 4096

/**
 * Reads a body into one buffer and counts its bytes before they are read. A list of pieces would cost many times their bytes when
 * they are small.
 *
 * @param body of a request
 * @param declared the `Content-Length`; undefined for a body in chunks
 * @param maxBytes the most bytes
 * @param signal ends the reading
 * @throws the signal's reason; ApiError PAYLOAD_TOO_LARGE, BAD_REQUEST for a body of very many pieces, and the errors of {@link ByteHold.take}
 */
export async function receiveBody(
  body: ReadableStream<Uint8Array>,
  declared: number | undefined,
  maxBytes: number,
  hold: ByteHold,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader()
  signal?.addEventListener('abort', () => reader.cancel().catch(() => {}))
  // An honest sender fills packets of at least 512 bytes.
  const piecesMax = 4096 + Math.ceil(maxBytes / 512)
  let buffer = new Uint8Array(Math.min(declared ?? smallBytes, maxBytes))
  let length = 0
  for (let pieces = 0; ; pieces += 1) {
    const { done, value } = await reader.read()
    signal?.throwIfAborted() // a cancelled body is done too
    if (done) return buffer.subarray(0, length)
    const needed = length + value.byteLength
    if (needed > maxBytes) throw tooLarge(maxBytes)
    if (pieces >= piecesMax) throw new ApiError('BAD_REQUEST', 'The body arrives in too many small pieces')
    if (needed > buffer.byteLength) {
      const larger = Math.min(maxBytes, Math.max(needed, 2 * buffer.byteLength))
      hold.take(larger - buffer.byteLength)
      const grown = new Uint8Array(larger)
      grown.set(buffer.subarray(0, length))
      buffer = grown
    }
    buffer.set(value, length)
    length = needed
  }
}

/** Counts a body before its first byte is read. */
export function reserve(declared: number | undefined, maxBytes: number, hold: ByteHold): void {
  if (declared !== undefined && declared > maxBytes) throw tooLarge(maxBytes)
  hold.take(Math.max(declared ?? 0, smallBytes))
}

const tooLarge = (maxBytes: number) => new ApiError('PAYLOAD_TOO_LARGE', `The body is larger than ${maxBytes} bytes`)

/**
 * Checks a body of JSON or text. JSON is UTF-8 (RFC 8259, section 8.1): a lenient decoder would replace other bytes and store what
 * was not sent.
 *
 * @throws ApiError UNSUPPORTED_MEDIA_TYPE for another charset, BAD_REQUEST for bytes that are not UTF-8
 */
export function assertText(body: ArrayBuffer | Uint8Array, contentType = 'application/json'): void {
  if (!/^text\/|json/i.test(contentType)) return
  const charset = /charset="?([^";\s]+)/i.exec(contentType)?.[1]
  if (charset && !/^(utf-?8|us-ascii)$/i.test(charset))
    throw new ApiError('UNSUPPORTED_MEDIA_TYPE', 'The body must be UTF-8')
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    throw new ApiError('BAD_REQUEST', 'The body is not UTF-8')
  }
}
