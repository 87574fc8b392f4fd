import type { Context, MiddlewareHandler } from 'hono'
import { type TenantEnv, TenantRequired } from '../context/index.ts'
import type { LargeResponseEnv } from '../envelope/index.ts'
import { assertWholeNumber } from '../text/index.ts'
import type { ByteBudget, ByteHold } from './byte-budget.ts'
import { pacedBody } from './paced-body.ts'
import { assertText, receiveBody, reserve } from './receive-body.ts'

export interface ByteLimitsOptions {
  /** The most bytes of a request's body. */
  bodyBytes: number
  /** Counts the bodies of requests until their handlers have ended. */
  received: ByteBudget
  /** Counts large responses in the envelope until they are sent. */
  sent: ByteBudget
  /**
   * How long a client may read nothing of a large response before it is cut off, in milliseconds.
   *
   * @default 15000
   */
  stallMs?: number
}

/** What {@link byteLimits} sets in Hono's context. */
export type ByteLimitsEnv = {
  Variables: {
    /** The body is arriving. */
    receiving?: boolean
  }
}

type Env = TenantEnv & ByteLimitsEnv & LargeResponseEnv

/** A body with a declared length of at most so many bytes is read by the runtime, which is faster. */
const quickBytes = 4096

/**
 * Limits the bytes that requests hold in memory, for each tenant, each actor and the process. It reads the body of a request before
 * the handler runs, so use it after the `tenant` middleware: the caller is known before the first byte is read. Large responses
 * of {@link ok} are sent as fast as the client reads them and count until they are sent.
 *
 * @param options budgets may be shared by several routes with different `bodyBytes`
 * @throws TypeError at construction, for a number that is not a whole number of at least 1. The handler throws ApiError
 *   PAYLOAD_TOO_LARGE, BAD_REQUEST for text that is not UTF-8, TOO_MANY_REQUESTS for a tenant or an actor beyond its share,
 *   SERVICE_UNAVAILABLE when the process has no room; TenantRequired without a tenant
 * @example
 * const received = new ByteBudget({ totalBytes: 16_777_216 })
 * const sent = new ByteBudget({ totalBytes: 33_554_432 })
 * app.use('/tasks/*', tenant({ from, auth }))
 * app.use('/tasks/*', byteLimits({ bodyBytes: 131_072, received, sent }))
 */
export function byteLimits(options: ByteLimitsOptions): MiddlewareHandler<Env> {
  const { bodyBytes, received, sent, stallMs = 15_000 } = options
  assertWholeNumber('bodyBytes', bodyBytes, 1, Number.MAX_SAFE_INTEGER)
  assertWholeNumber('stallMs', stallMs)

  return async function byteLimits(c, next) {
    const holders = holdersOf(c)
    // A write is committed before its response is counted: it must be answered.
    const mayRefuse = c.req.method === 'GET' || c.req.method === 'HEAD'
    c.set('sendLarge', (bytes, slices) => {
      const hold = sent.holdFor(holders)
      if (mayRefuse) hold.take(bytes)
      else hold.takeAnyway(bytes)
      return pacedBody(slices, hold, stallMs)
    })
    if (c.req.raw.body === null) {
      await next()
      return
    }
    const hold = received.holdFor(holders)
    try {
      await receive(c, bodyBytes, hold)
      await next()
    } finally {
      hold.release()
    }
  }
}

function holdersOf(c: Context<Env>): string[] {
  const tenantId = c.get('tenantId')
  if (tenantId === undefined) throw new TenantRequired()
  const actor = c.get('identity')?.actor
  return actor === undefined ? [`tenant ${tenantId}`] : [`tenant ${tenantId}`, `actor ${actor}`]
}

/** Reads the body, which Hono then has for the validators. */
async function receive(c: Context<Env>, bodyBytes: number, hold: ByteHold): Promise<void> {
  const { raw } = c.req
  const length = c.req.header('Content-Length')
  const declared = length === undefined ? undefined : Number(length)
  const type = c.req.header('Content-Type')
  c.set('receiving', true)
  try {
    reserve(declared, bodyBytes, hold)
    if (declared !== undefined && declared <= quickBytes) assertText(await c.req.arrayBuffer(), type)
    else {
      const stream = raw.body as ReadableStream<Uint8Array> // the caller saw that it is not null
      const bytes = await receiveBody(stream, declared, bodyBytes, c.get('signal'))
      assertText(bytes, type)
      c.req.bodyCache.arrayBuffer = Promise.resolve(bytes) as never // Hono declares the value, and stores its promise
    }
  } catch (error) {
    // The rest of the body stays unread: its bytes must not be taken for the next request (RFC 9112, section 9.6).
    c.header('Connection', 'close')
    throw error
  }
  c.set('receiving', false)
}
