import type { ByteHold } from './byte-budget.ts'

/** The slowest client that is waited for reads so many bytes in a millisecond, on average: 64 KB in a second. */
const slowestBytesPerMs = 64

export interface Pace {
  /** How long a client may read nothing, in milliseconds. */
  stallMs: number
  /** Aborts when the client is gone, or the request is over without this response. */
  signal: AbortSignal | undefined
}

/**
 * Sends slices, each when the client has read the one before, and releases their bytes after the last one. A runtime that gets all
 * bytes at once copies those that the client has not read yet. Between two slices other requests run. A client that reads nothing
 * for `stallMs`, or less than 64 KB a second on average, is cut off. So is a response that nobody begins to send.
 *
 * @param bytes how many there are, about
 */
export function pacedBody(
  slices: Iterator<Uint8Array>,
  bytes: number,
  hold: ByteHold,
  { stallMs, signal }: Pace,
): ReadableStream<Uint8Array> {
  const endsAt = performance.now() + stallMs + bytes / slowestBytesPerMs
  let timer: ReturnType<typeof setTimeout> | undefined
  let fail: ((reason: unknown) => void) | undefined
  const end = () => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', end)
    hold.release()
  }
  const cutOff = () => {
    end()
    fail?.(new Error('The client did not read the response'))
  }
  const wait = () => {
    clearTimeout(timer)
    timer = setTimeout(cutOff, Math.max(0, Math.min(stallMs, endsAt - performance.now())))
  }
  signal?.addEventListener('abort', end) // the runtime ends the stream itself
  wait()
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        fail = (reason) => controller.error(reason)
      },
      async pull(controller) {
        await turn()
        const { done, value } = next(slices, end)
        if (done) {
          end()
          controller.close()
          return
        }
        controller.enqueue(value)
        wait()
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  )
}

/** @throws what the serialization of an item throws, after the bytes are released */
function next(slices: Iterator<Uint8Array>, end: () => void) {
  try {
    return slices.next()
  } catch (error) {
    end()
    throw error
  }
}

/** Lets other requests run. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
