import type { ByteHold } from './byte-budget.ts'

/** The bytes that a runtime copies into the buffer of a socket at once. */
const sliceBytes = 65_536

/**
 * Sends bytes in slices, each when the client has read the one before, and releases them when the last one is sent. A runtime that
 * gets all bytes at once copies those that the client has not read yet. A client that reads no slice for `stallMs` is cut off.
 *
 * @param stallMs in milliseconds
 */
export function pacedBody(bytes: Uint8Array, hold: ByteHold, stallMs: number): ReadableStream<Uint8Array> {
  let sent = 0
  let stalled: ReturnType<typeof setTimeout> | undefined
  const end = () => {
    clearTimeout(stalled)
    hold.release()
  }
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        clearTimeout(stalled)
        if (sent >= bytes.byteLength) {
          end()
          controller.close()
          return
        }
        controller.enqueue(bytes.subarray(sent, sent + sliceBytes))
        sent += sliceBytes
        stalled = setTimeout(() => {
          end()
          controller.error(new Error('The client did not read the response'))
        }, stallMs)
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  )
}
