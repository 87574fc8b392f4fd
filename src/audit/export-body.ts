/** How long a client may read nothing, in milliseconds. */
const stallMs = 15_000

export interface ExportParts {
  /** The text that was read already. */
  first: string
  /** Returns the next text, and undefined at the end. */
  next(): Promise<string | undefined>
  /** Called when the body is over, in whatever way; it may be called twice. */
  end(): void
  /** Aborts when the client is gone. */
  signal: AbortSignal | undefined
}

/** Sends texts, each when the client has read the one before. A client that reads nothing for 15 seconds is cut off. */
export function exportBody({ first, next, end, signal }: ExportParts): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let waiting = first
  let timer: ReturnType<typeof setTimeout> | undefined
  let cutOff = () => {}
  const stop = () => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
    end()
  }
  const wait = () => {
    clearTimeout(timer)
    timer = setTimeout(() => cutOff(), stallMs)
  }
  signal?.addEventListener('abort', stop)
  async function nextText(): Promise<string | undefined> {
    let text: string | undefined = waiting
    waiting = ''
    while (text === '') text = await next() // of pruned entries, a CSV has no line
    return text
  }

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        cutOff = () => {
          stop()
          controller.error(new Error('The client did not read the export'))
        }
        wait()
      },
      async pull(controller) {
        clearTimeout(timer)
        try {
          const text = await nextText()
          if (text !== undefined) {
            controller.enqueue(encoder.encode(text))
            wait()
            return
          }
          stop()
          controller.close()
        } catch (error) {
          stop()
          throw error
        }
      },
      cancel: stop,
    },
    { highWaterMark: 0 },
  )
}
