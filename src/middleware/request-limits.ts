import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { ApiError, unavailable } from '../errors/index.ts'

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

  return async function requestLimits(c, next) {
    const deadline = new AbortController()
    c.set('signal', deadline.signal)
    let arrived = false
    const timer = setTimeout(() => {
      deadline.abort(
        arrived
          ? unavailable(new Error('The request took too long'))
          : new ApiError('REQUEST_TIMEOUT', undefined, { headers: close }),
      )
    }, timeoutMs)
    const onDisconnect = () => deadline.abort(new ApiError('BAD_REQUEST', 'The client has closed the request'))
    const client = c.req.raw.signal // a body without a length makes limitBody put another request in its place
    const expired = new Promise<never>((_, reject) => {
      deadline.signal.addEventListener('abort', () => reject(deadline.signal.reason))
    })
    expired.catch(() => {}) // it may be rejected when nobody waits for it any more
    client.addEventListener('abort', onDisconnect)
    if (client.aborted) onDisconnect()

    const work = async () => {
      // Hono keeps what was read, so the validators do not read it again.
      if (c.req.raw.body) assertText(await c.req.arrayBuffer(), c.req.header('Content-Type'))
      arrived = true
      await next()
    }
    try {
      await Promise.race([limitBody(c, work), expired]) // a body without a length is read by limitBody itself
    } finally {
      clearTimeout(timer)
      client.removeEventListener('abort', onDisconnect)
    }
  }
}

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
