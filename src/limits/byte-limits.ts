import type { Context, MiddlewareHandler } from 'hono'
import { type TenantEnv, TenantRequired } from '../context/index.ts'
import type { LargeResponseEnv } from '../envelope/index.ts'
import { assertWholeNumber } from '../text/index.ts'
import type { ByteBudget } from './byte-budget.ts'
import { pacedBody } from './paced-body.ts'
import { assertText, receiveBody, tooLarge } from './receive-body.ts'

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
  const { bodyBytes, sent, stallMs = 15_000 } = options
  assertWholeNumber('bodyBytes', bodyBytes, 1, Number.MAX_SAFE_INTEGER)
  assertWholeNumber('stallMs', stallMs)

  return async function byteLimits(c, next) {
    const holders = holdersOf(c)
    // Before the work: a page that is refused after it was read has cost the same.
    sent.admit(holders)
    // A write is committed before its response is counted: it must be answered.
    const anyway = c.req.method !== 'GET' && c.req.method !== 'HEAD'
    c.set('sendLarge', (bytes, slices) => pacedBody(slices, sent.hold(holders, bytes, { anyway }), stallMs))
    if (c.req.raw.body === null) {
      await next()
      return
    }
    const release = reserve(c, options, holders)
    try {
      await receive(c, bodyBytes)
      await next()
    } finally {
      release()
    }
  }
}

function holdersOf(c: Context<Env>): string[] {
  const tenantId = c.get('tenantId')
  if (tenantId === undefined) throw new TenantRequired()
  const actor = c.get('identity')?.actor
  return actor === undefined ? [`tenant ${tenantId}`] : [`tenant ${tenantId}`, `actor ${actor}`]
}

/** Counts a body before its first byte is read. One without a declared length counts as the largest. */
function reserve(c: Context<Env>, { received, bodyBytes }: ByteLimitsOptions, holders: string[]): () => void {
  const declared = declaredBytes(c)
  try {
    if (declared !== undefined && declared > bodyBytes) throw tooLarge(bodyBytes)
    received.admit(holders)
    return received.hold(holders, declared ?? bodyBytes)
  } catch (error) {
    closeUnread(c)
    throw error
  }
}

/** Reads the body, which Hono then has for the validators. */
async function receive(c: Context<Env>, bodyBytes: number): Promise<void> {
  const declared = declaredBytes(c)
  c.set('receiving', true)
  try {
    const body =
      declared !== undefined && declared <= quickBytes
        ? await c.req.arrayBuffer()
        : await receiveBody(c.req.raw.body as ReadableStream<Uint8Array>, declared, bodyBytes, c.get('signal')) // not null here
    assertText(body, c.req.header('Content-Type'))
    c.req.bodyCache.arrayBuffer = Promise.resolve(body) as never // Hono declares the value, and stores its promise
  } catch (error) {
    closeUnread(c)
    throw error
  }
  c.set('receiving', false)
}

function declaredBytes(c: Context): number | undefined {
  const length = c.req.header('Content-Length')
  return length === undefined ? undefined : Number(length)
}

/** The rest of the body stays unread: its bytes must not be taken for the next request (RFC 9112, section 9.6). */
const closeUnread = (c: Context): void => c.header('Connection', 'close')
