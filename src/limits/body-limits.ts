import type { Context, MiddlewareHandler, Next } from 'hono'
import type { TenantEnv } from '../context/index.ts'
import { ApiError } from '../errors/index.ts'
import { assertWholeNumber } from '../text/index.ts'
import { type ByteBudget, type ByteHold, holdersOf } from './byte-budget.ts'
import { firstBytes, receiveBody, textOf, tooLarge, untilAborted } from './receive-body.ts'

export interface BodyLimitsOptions {
  /** The most bytes of a body. */
  maxBytes: number
  /** Counts the bodies of all requests until their handlers have ended. Routes with different `maxBytes` share it. */
  budget: ByteBudget
  /**
   * Whether handlers read `c.req.raw`, such as those of better-auth, and not only `c.req`.
   *
   * @default false, which is faster
   */
  keepRaw?: boolean
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
 * Reads the body of a request before its handler, and limits the bytes of bodies for each tenant, each actor and the process.
 * Use it after the `tenant` middleware, so that the caller is verified before the first byte is read.
 *
 * @throws TypeError at construction, when `maxBytes` is not a whole number of at least 1. The handler throws ApiError
 *   PAYLOAD_TOO_LARGE, BAD_REQUEST for text that is not UTF-8, UNSUPPORTED_MEDIA_TYPE for a compressed body, TOO_MANY_REQUESTS
 *   for a tenant or an actor that has used its share, SERVICE_UNAVAILABLE when the process has no room; TenantRequired without a tenant
 * @example
 * const budget = new ByteBudget({ totalBytes: 16_777_216 })
 * app.use('/tasks/*', tenant({ from: header('X-Tenant-Id'), auth }))
 * app.use('/tasks/*', bodyLimits({ maxBytes: 131_072, budget }))
 */
export function bodyLimits(options: BodyLimitsOptions): MiddlewareHandler<Env> {
  const { maxBytes } = options
  assertWholeNumber('maxBytes', maxBytes, 1, Number.MAX_SAFE_INTEGER)

  return function bodyLimits(c, next) {
    return hasBody(c) ? receiveAndRun(c, next, options) : next()
  }
}

async function receiveAndRun(c: Context<Env>, next: Next, options: BodyLimitsOptions): Promise<void> {
  const hold = reserve(c, options)
  try {
    await receive(c, options, hold)
    await next()
  } finally {
    hold.release()
  }
}

/** Without a look at the body itself where that is possible: on Node it would begin to read it. */
function hasBody(c: Context): boolean {
  const declared = declaredBytes(c)
  if (declared !== undefined) return declared > 0
  if (c.req.header('Transfer-Encoding') !== undefined) return true
  return c.req.method !== 'GET' && c.req.method !== 'HEAD' && c.req.raw.body !== null
}

/** Counts a body before its first byte is read. One without a declared length is counted as it grows. */
function reserve(c: Context<Env>, { maxBytes, budget }: BodyLimitsOptions): ByteHold {
  const declared = declaredBytes(c)
  try {
    const holders = holdersOf(c)
    if (declared !== undefined && declared > maxBytes) throw tooLarge(maxBytes)
    budget.admit(holders)
    return budget.hold(holders, declared ?? Math.min(firstBytes, maxBytes))
  } catch (error) {
    closeUnread(c)
    throw error
  }
}

/** Reads the body, which Hono then has for the validators. */
async function receive(
  c: Context<Env>,
  { maxBytes, keepRaw = false }: BodyLimitsOptions,
  hold: ByteHold,
): Promise<void> {
  const { raw } = c.req
  const encoding = c.req.header('Content-Encoding') ?? 'identity'
  const signal = c.get('signal')
  c.set('receiving', true)
  try {
    if (encoding.toLowerCase() !== 'identity')
      throw new ApiError('UNSUPPORTED_MEDIA_TYPE', 'The body must not be compressed')
    signal?.throwIfAborted()
    // The runtime reads a declared length at once, and no more than that.
    const isDeclared = declaredBytes(c) !== undefined
    const body = await untilAborted(signal, isDeclared ? c.req.arrayBuffer() : receiveBody(raw, maxBytes, hold))
    keep(c, body, textOf(body, c.req.header('Content-Type')))
    if (keepRaw) c.req.raw = new Request(raw, { body })
  } catch (error) {
    closeUnread(c)
    throw error
  }
  c.set('receiving', false)
}

/** Keeps the text or the bytes, never both in memory: Hono makes the other one of it. It removes a byte order mark from bytes only. */
function keep(c: Context, body: ArrayBuffer, text: string | undefined): void {
  const isText = text !== undefined && !text.startsWith('\uFEFF')
  const kept = isText ? { text: Promise.resolve(text) } : { arrayBuffer: Promise.resolve(body) }
  c.req.bodyCache = kept as never // Hono declares the values, and stores their promises
}

function declaredBytes(c: Context): number | undefined {
  const length = c.req.header('Content-Length')
  return length === undefined ? undefined : Number(length)
}

/** The rest of the body stays unread: its bytes must not be taken for the next request (RFC 9112, section 9.6). */
const closeUnread = (c: Context): void => c.header('Connection', 'close')
