import { ApiError } from '../errors/index.ts'

/** A buffer begins with so many bytes when the length is not declared. */
const firstBytes = 4096
/** A body may arrive in so many pieces and one more for each 32 bytes: writers of tokens do so, and smaller pieces cost too much. */
const piecesMax = 1024
const pieceBytes = 32

/**
 * Reads a body into one buffer. A list of pieces would hold many times their bytes when they are small.
 *
 * @param body of a request
 * @param declared the `Content-Length`; undefined for a body in chunks
 * @param maxBytes the most bytes
 * @param signal ends the reading
 * @throws the signal's reason; ApiError PAYLOAD_TOO_LARGE, BAD_REQUEST for a body of very many pieces
 */
export async function receiveBody(
  body: ReadableStream<Uint8Array>,
  declared: number | undefined,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<ArrayBuffer> {
  const reader = body.getReader()
  signal?.addEventListener('abort', () => reader.cancel().catch(() => {}))
  let buffer = new Uint8Array(Math.min(declared ?? firstBytes, maxBytes))
  let length = 0
  for (let pieces = 1; ; pieces += 1) {
    const { done, value } = await reader.read()
    signal?.throwIfAborted() // a cancelled body is done too
    if (done) return buffer.buffer.slice(0, length)
    const needed = length + value.byteLength
    if (needed > maxBytes) throw tooLarge(maxBytes)
    if (pieces > piecesMax + length / pieceBytes)
      throw new ApiError('BAD_REQUEST', 'The body arrives in too many small pieces')
    if (needed > buffer.byteLength) buffer = grown(buffer, Math.min(maxBytes, Math.max(needed, 2 * length)))
    buffer.set(value, length)
    length = needed
  }
}

function grown(buffer: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes)
  larger.set(buffer)
  return larger
}

export const tooLarge = (maxBytes: number) =>
  new ApiError('PAYLOAD_TOO_LARGE', `The body is larger than ${maxBytes} bytes`)

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
