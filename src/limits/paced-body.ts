/**
 * Sends slices, each when the client has read the one before, and calls `release` after the last one. A runtime that gets all
 * bytes at once copies those that the client has not read yet. Between two slices other requests run. A client that reads no slice
 * for `stallMs` is cut off.
 *
 * @param stallMs in milliseconds
 */
export function pacedBody(
  slices: Iterator<Uint8Array>,
  release: () => void,
  stallMs: number,
): ReadableStream<Uint8Array> {
  let stalled: ReturnType<typeof setTimeout> | undefined
  const end = () => {
    clearTimeout(stalled)
    release()
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        clearTimeout(stalled)
        await turn()
        const { done, value } = next(slices, end)
        if (done) {
          end()
          controller.close()
          return
        }
        controller.enqueue(value)
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
