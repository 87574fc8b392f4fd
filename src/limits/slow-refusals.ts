import type { MiddlewareHandler } from 'hono'
import { assertWholeNumber } from '../text/index.ts'

export interface SlowRefusalsOptions {
  /**
   * How long a 429 waits before it is sent, in milliseconds.
   *
   * @default 250
   */
  delayMs?: number
  /**
   * How many responses of this process may wait. Further ones are sent at once, and close their connection.
   *
   * @default 1000
   */
  waitingMax?: number
}

/**
 * Delays every 429 of the middleware and handlers after it. Otherwise a client that repeats its request at once would keep the
 * process busy with refusals. A response that waits holds no slot and no bytes. Use it before the `tenant` middleware.
 *
 * @throws TypeError at construction, when a number is not a whole number
 * @example
 * app.use('/tasks/*', slowRefusals())
 */
export function slowRefusals({ delayMs = 250, waitingMax = 1000 }: SlowRefusalsOptions = {}): MiddlewareHandler {
  assertWholeNumber('delayMs', delayMs, 0)
  assertWholeNumber('waitingMax', waitingMax, 0)
  let waiting = 0

  return async function slowRefusals(c, next) {
    await next()
    // A connection that closes costs its client enough, and would hold the unread body meanwhile.
    if (c.res.status !== 429 || c.res.headers.get('Connection') === 'close') return
    if (waiting >= waitingMax) {
      c.header('Connection', 'close')
      return
    }
    waiting += 1
    await new Promise((resolve) => setTimeout(resolve, delayMs))
    waiting -= 1
  }
}
