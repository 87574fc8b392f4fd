import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { ApiError, unavailable } from '../../errors/index.ts'

/** What {@link requestLimits} leaves in the context. */
export type LimitsEnv = { Variables: { signal: AbortSignal } }

// What is left of the body is not read: the next request must not come over this connection (RFC 9112, section 9.6).
const close = { Connection: 'close' }

/**
 * Bounds a request in size and time. The body is read here, whole and before any transaction opens; the signal that the
 * context carries aborts when time is up or the client has gone: then no COMMIT is sent any more. One that had been sent
 * already may still happen; the 503 leaves open which.
 *
 * @param options `bodyLimitBytes`: more is 413; `timeoutMs`: 408 while the body arrives, 503 afterwards
 */
export function requestLimits(options: { bodyLimitBytes: number; timeoutMs: number }): MiddlewareHandler<LimitsEnv> {
  const { bodyLimitBytes, timeoutMs } = options
  const limitBody = bodyLimit({
    maxSize: bodyLimitBytes,
    onError: () => {
      throw new ApiError('PAYLOAD_TOO_LARGE', `The body is larger than ${bodyLimitBytes} bytes`, { headers: close })
    },
  })
  // A body without a length is read by limitBody itself. Hono keeps what was read, so the validators do not read it again.
  const readBody = (c: Context) =>
    limitBody(c, async () => assertText(await c.req.arrayBuffer(), c.req.header('Content-Type')))

  return function requestLimits(c, next) {
    const { body, signal: client } = c.req.raw // limitBody may put another request in its place
    const deadline = new AbortController()
    c.set('signal', deadline.signal)
    let arrived = !body
    const work = async () => {
      await readBody(c)
      arrived = true
      await next()
    }
    // One promise that is settled from here, where a race and a listener on our own signal would do: every request pays.
    return new Promise((resolve, reject) => {
      const cutOff = (reason: ApiError) => {
        deadline.abort(reason)
        reject(reason)
      }
      // Never taken off, which costs more than all of this: it goes with its request, and changes nothing after the end.
      client.addEventListener('abort', () => cutOff(clientHasGone()))
      if (client.aborted) return cutOff(clientHasGone())
      const timer = setTimeout(() => cutOff(arrived ? tookTooLong() : didNotArrive()), timeoutMs)
      const settleWith = (settle: (outcome: never) => void) => (outcome: unknown) => {
        clearTimeout(timer)
        settle(outcome as never) // what `next` resolves with is nobody's concern
      }
      const done = body ? work() : next()
      done.then(settleWith(resolve), settleWith(reject))
    })
  }
}

const clientHasGone = () => new ApiError('BAD_REQUEST', 'The client has closed the request')
const tookTooLong = () => unavailable(new Error('The request took too long'))
const didNotArrive = () => new ApiError('REQUEST_TIMEOUT', undefined, { headers: close })

/** JSON is UTF-8 (RFC 8259, section 8.1). Decoding would replace what is not, and store something else than was sent. */
function assertText(body: ArrayBuffer, contentType = ''): void {
  const charset = /charset="?([^";\s]+)/i.exec(contentType)?.[1]
  if (charset && !/^(utf-?8|us-ascii)$/i.test(charset))
    throw new ApiError('UNSUPPORTED_MEDIA_TYPE', 'The body must be UTF-8')
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    throw new ApiError('BAD_REQUEST', 'The body is not UTF-8')
  }
}
