import type { Context, MiddlewareHandler } from 'hono'
import type { TenantEnv } from '../context/index.ts'
import { assertWholeNumber } from '../text/index.ts'
import { type ByteBudget, holdersOf } from './byte-budget.ts'
import { assertText, receiveBody, tooLarge, untilAborted } from './receive-body.ts'

export interface BodyLimitsOptions {
  /** The most bytes of a body. */
  maxBytes: number
  /** Counts the bodies of all requests until their handlers have ended. Routes with different `maxBytes` share it. */
  budget: ByteBudget
}

/** What {@link bodyLimits} sets in Hono's context. */
export type BodyLimitsEnv = {
  Variables: {
    /** The body is arriving. */
    receiving?: boolean
  }
}

type Env = TenantEnv & BodyLimitsEnv

/**
 * Reads the body of a request before its handler, and limits the bytes of bodies for each tenant, each actor and the process. Use it
 * after the `tenant` middleware, so that the caller is verified before the first byte is read.
 *
 * @throws TypeError at construction, when `maxBytes` is not a whole number of at least 1. The handler throws ApiError
 *   PAYLOAD_TOO_LARGE, BAD_REQUEST for text that is not UTF-8, TOO_MANY_REQUESTS for a tenant or an actor that has used its share,
 *   SERVICE_UNAVAILABLE when the process has no room; TenantRequired without a tenant
 * @example
 * const budget = new ByteBudget({ totalBytes: 16_777_216 })
 * app.use('/tasks/*', tenant({ from: header('X-Tenant-Id'), auth }))
 * app.use('/tasks/*', bodyLimits({ maxBytes: 131_072, budget }))
 */
export function bodyLimits(options: BodyLimitsOptions): MiddlewareHandler<Env> {
  const { maxBytes } = options
  assertWholeNumber('maxBytes', maxBytes, 1, Number.MAX_SAFE_INTEGER)

  return async function bodyLimits(c, next) {
    if (!hasBody(c)) {
      await next()
      return
    }
    const release = reserve(c, options)
    try {
      await receive(c, maxBytes)
      await next()
    } finally {
      release()
    }
  }
}

/** Without a look at the body itself where that is possible: on Node it would begin to read it. */
function hasBody(c: Context): boolean {
  const declared = declaredBytes(c)
  if (declared !== undefined) return declared > 0
  if (c.req.header('Transfer-Encoding') !== undefined) return true
  return c.req.method !== 'GET' && c.req.method !== 'HEAD' && c.req.raw.body !== null
}

/** Counts a body before its first byte is read. One without a declared length counts as the largest. */
function reserve(c: Context<Env>, { maxBytes, budget }: BodyLimitsOptions): () => void {
  const declared = declaredBytes(c)
  try {
    const holders = holdersOf(c)
    if (declared !== undefined && declared > maxBytes) throw tooLarge(maxBytes)
    budget.admit(holders)
    return budget.hold(holders, declared ?? maxBytes)
  } catch (error) {
    closeUnread(c)
    throw error
  }
}

/** Reads the body, which Hono then has for the validators. */
async function receive(c: Context<Env>, maxBytes: number): Promise<void> {
  c.set('receiving', true)
  try {
    // The runtime reads a declared length at once, and no more than that.
    const body = await untilAborted(
      c.get('signal'),
      declaredBytes(c) === undefined ? receiveBody(c.req.raw, maxBytes) : c.req.arrayBuffer(),
    )
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
