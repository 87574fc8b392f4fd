/**
 * What `responseLimits` sets in Hono's context: it counts the bytes of a large response, and returns a body that sends its slices as fast
 * as the client reads.
 *
 * @throws ApiError SERVICE_UNAVAILABLE or TOO_MANY_REQUESTS when the bytes do not fit
 */
export type LargeResponseEnv = {
  Variables: { sendLarge?: (bytes: number, slices: Iterator<Uint8Array>) => ReadableStream<Uint8Array> }
}

/** From so many bytes a response is large. A smaller one fits into the buffer of a socket. */
export const largeBytes = 65_536

const encoder = new TextEncoder()

/**
 * Returns about how many bytes a value holds in memory, without serializing it.
 *
 * @throws TypeError for a bigint, which JSON cannot express
 */
export function bytesOf(value: unknown): number {
  if (typeof value === 'string') return 2 * value.length
  if (typeof value === 'bigint') throw new TypeError('JSON cannot express a bigint')
  if (typeof value !== 'object' || value === null) return 8
  let bytes = 16
  for (const part of Object.values(value)) bytes += bytesOf(part)
  return bytes
}

/** Serializes a list between the parts of its envelope, about {@link largeBytes} at a time: one step never takes long. */
export function* slicesOfList(head: string, items: readonly unknown[], tail: string): Generator<Uint8Array> {
  let text = head
  for (const [index, item] of items.entries()) {
    if (index > 0) text += ','
    text += JSON.stringify(item) ?? 'null' // as in an array
    if (text.length >= largeBytes / 2) {
      yield encoder.encode(text)
      text = ''
    }
  }
  yield encoder.encode(text + tail)
}

/** Cuts a text that is large although it is one item. */
export function* slicesOfText(text: string): Generator<Uint8Array> {
  const bytes = encoder.encode(text)
  for (let at = 0; at < bytes.byteLength; at += largeBytes) yield bytes.subarray(at, at + largeBytes)
}
