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
const depthMax = 100

/**
 * Returns about how many bytes a value holds in memory, without serializing it: two for each character.
 *
 * @throws TypeError for a bigint, which JSON cannot express
 */
export function bytesOf(value: unknown, depth = 0): number {
  if (typeof value === 'string') return 2 * value.length
  if (typeof value === 'bigint' && !('toJSON' in BigInt.prototype)) throw new TypeError('JSON cannot express a bigint')
  if (typeof value !== 'object' || value === null) return 8
  // What follows is for its own toJSON() to say, such as a Date's, or is too deep to be looked at.
  if (depth > depthMax || 'toJSON' in value) return 32
  let bytes = 16
  for (const part of Object.values(value)) bytes += bytesOf(part, depth + 1)
  return bytes
}

/** Serializes a list between the parts of its envelope, about {@link largeBytes} at a time: one step never takes long. */
export function* slicesOfList(head: string, items: readonly unknown[], tail: string): Generator<Uint8Array> {
  let text = head
  for (const [index, item] of items.entries()) {
    // In a list, as JSON.stringify sees it: undefined is null there.
    const json = JSON.stringify([item]).slice(1, -1)
    text += index === 0 ? json : `,${json}`
    if (text.length >= largeBytes / 2) {
      yield* slicesOfText(text)
      text = ''
    }
  }
  yield* slicesOfText(text + tail)
}

/** Cuts a text into slices of at most {@link largeBytes}. */
export function* slicesOfText(text: string): Generator<Uint8Array> {
  const bytes = encoder.encode(text)
  for (let at = 0; at < bytes.byteLength; at += largeBytes) yield bytes.subarray(at, at + largeBytes)
}
