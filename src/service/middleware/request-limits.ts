import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { ApiError, unavailable } from '../../errors/index.ts'

/** What {@link requestLimits} sets in Hono's context. */
export type LimitsEnv = {
  Variables: {
    signal: AbortSignal
    /** The client hung up before the request was done. */
    aborted?: true
  }
}

export interface RequestLimitsOptions {
  /** A larger body is answered with 413. */
  readonly bodyLimitBytes: number
  /** A request that takes longer is answered with 408 while its body arrives, and with 503 afterwards. */
  readonly timeoutMs: number
}

// The rest of the body stays unread: its bytes must not be taken for the next request (RFC 9112, section 9.6).
const close = { Connection: 'close' }

/**
 * Limits the size and the time of a request. It reads the whole body before any transaction opens. The context's `signal`
 * aborts at the timeout or when the client disconnects: then no COMMIT is sent any more. A COMMIT that was sent before may
 * still succeed.
 *
 * @throws ApiError PAYLOAD_TOO_LARGE, REQUEST_TIMEOUT, SERVICE_UNAVAILABLE; BAD_REQUEST for a body that is not UTF-8
 * @example
 * app.use(requestLimits({ bodyLimitBytes: 1_048_576, timeoutMs: 15_000 }))
 */
export function requestLimits(options: RequestLimitsOptions): MiddlewareHandler<LimitsEnv> {
  const { bodyLimitBytes, timeoutMs } = options
  const limitBody = bodyLimit({
    maxSize: bodyLimitBytes,
    onError: () => {
      throw new ApiError('PAYLOAD_TOO_LARGE', `The body is larger than ${bodyLimitBytes} bytes`, { headers: close })
    },
  })
  // limitBody itself reads a body without a length. Hono caches the bytes for the validators.
  const readBody = (c: Context) =>
    limitBody(c, async () => assertText(await c.req.arrayBuffer(), c.req.header('Content-Type')))

  return function requestLimits(c, next) {
    const { body, signal: client } = c.req.raw // limitBody may replace c.req.raw
    const deadline = new AbortController()
    c.set('signal', deadline.signal)
    let arrived = !body
    const work = async () => {
      await readBody(c)
      arrived = true
      await next()
    }
    // One promise, settled here, is cheaper for each request than Promise.race and a listener on our own signal.
    return new Promise((resolve, reject) => {
      const cutOff = (reason: ApiError) => {
        deadline.abort(reason)
        reject(reason)
      }
      const hangUp = () => {
        c.set('aborted', true)
        cutOff(clientDisconnected())
      }
      // The listener stays: removing it costs more, it does nothing after the end, and it is collected with the request.
      client.addEventListener('abort', hangUp)
      if (client.aborted) return hangUp()
      const timer = setTimeout(() => cutOff(arrived ? tookTooLong() : didNotArrive()), timeoutMs)
      const settleWith = (settle: (outcome: never) => void) => (outcome: unknown) => {
        clearTimeout(timer)
        settle(outcome as never) // the value of `next` is passed on unread
      }
      const done = body ? work() : next()
      done.then(settleWith(resolve), settleWith(reject))
    })
  }
}

const clientDisconnected = () => new ApiError('BAD_REQUEST', 'The client closed the request')
const tookTooLong = () => unavailable(new Error('The request took too long'))
const didNotArrive = () => new ApiError('REQUEST_TIMEOUT', undefined, { headers: close })

/** JSON is UTF-8 (RFC 8259, section 8.1). A lenient decoder would replace other bytes and store what was not sent. */
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
