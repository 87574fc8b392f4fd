import type { MiddlewareHandler } from 'hono'
import { ApiError, unavailable } from '../../errors/index.ts'
import type { BodyLimitsEnv } from '../../limits/index.ts'
import { RequestTimer } from './request-timer.ts'

/** What {@link requestDeadline} sets in Hono's context. */
export type DeadlineEnv = {
  Variables: {
    signal: AbortSignal
    /** The client hung up before the request was done. */
    aborted?: true
  }
}

export interface DeadlineOptions {
  /** A request that takes longer is answered with 408 while its body arrives, else with 503. */
  timeoutMs: number
  /**
   * Whether one timer serves all requests. Workers need one for each: there a timer ends with the request that began it.
   *
   * @default true
   */
  sharesTimer?: boolean | undefined
}

/**
 * Limits the time of a request. The context's `signal` aborts at the timeout or when the client disconnects: then no COMMIT is sent
 * any more. A COMMIT that was sent before may still succeed.
 *
 * @throws ApiError REQUEST_TIMEOUT, SERVICE_UNAVAILABLE
 * @example
 * app.use(requestDeadline({ timeoutMs: 15_000 }))
 */
export function requestDeadline(options: DeadlineOptions): MiddlewareHandler<DeadlineEnv & BodyLimitsEnv> {
  const { timeoutMs, sharesTimer = true } = options
  const shared = sharesTimer ? new RequestTimer(timeoutMs) : undefined

  return function requestDeadline(c, next) {
    const client = c.req.raw.signal // c.req.raw may be replaced
    const deadline = new AbortController()
    c.set('signal', deadline.signal)
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
      const timer = shared ?? new RequestTimer(timeoutMs)
      const running = timer.start(() => cutOff(c.get('receiving') ? didNotArrive() : tookTooLong()))
      const settleWith = (settle: (outcome: never) => void) => (outcome: unknown) => {
        running.end()
        settle(outcome as never) // the value of `next` is passed on unread
      }
      next().then(settleWith(resolve), settleWith(reject))
    })
  }
}

const clientDisconnected = () => new ApiError('BAD_REQUEST', 'The client closed the request')
const tookTooLong = () => unavailable(new Error('The request took too long'))
// The rest of the body stays unread: its bytes must not be taken for the next request (RFC 9112, section 9.6).
const didNotArrive = () => new ApiError('REQUEST_TIMEOUT', undefined, { headers: { Connection: 'close' } })
