import type { Context } from 'hono'
import { publicPath } from '../http/index.ts'

/** What the bodies of an app have beside their data: see {@link createEnvelope}. */
export interface EnvelopeOptions {
  /** Whether bodies have `timestamp`, the time of the response. @default true */
  readonly timestamp?: boolean | undefined
  /** Whether bodies have `path`, the path of the request as its client wrote it. @default true */
  readonly path?: boolean | undefined
  /** Whether bodies have `requestId`. The header `X-Request-Id` stays. @default true */
  readonly requestId?: boolean | undefined
  /**
   * Whether a failure is `application/problem+json` (RFC 9457) for a client whose `Accept` names this type. A URL makes the `type` of each
   * problem: the code in lower case follows it. With `true` it is `about:blank`.
   *
   * @default false
   */
  readonly problems?: boolean | string | undefined
}

/** The fields that options leave out of a body, or may leave out. */
export type LeftOut<Options extends EnvelopeOptions> = {
  [Field in 'timestamp' | 'path' | 'requestId']: Field extends keyof Options
    ? false extends Options[Field]
      ? Field
      : never
    : never
}['timestamp' | 'path' | 'requestId']

// Not in the variables of the context: other middleware may have a variable of the same name.
const optionsOf = new WeakMap<Context, EnvelopeOptions>()

/** Remembers the envelope of a request's app. */
export const setEnvelope = (c: Context, options: EnvelopeOptions): void => void optionsOf.set(c, options)

/** The envelope of a request's app. Without {@link setEnvelope} it has all fields. */
export const envelopeOf = (c: Context): EnvelopeOptions => optionsOf.get(c) ?? {}

/** The fields of a body that every response may have. JSON leaves out what is undefined. */
export const commonFields = (c: Context, { timestamp, path, requestId }: EnvelopeOptions) => ({
  requestId: requestId === false ? undefined : requestIdOf(c),
  timestamp: timestamp === false ? undefined : new Date().toISOString(),
  path: path === false ? undefined : publicPath(c, c.req.path),
})

/** The id from the middleware `requestId`, or a new id when that has not run. */
export const requestIdOf = (c: Context): string => {
  const id: unknown = c.get('requestId')
  return typeof id === 'string' ? id : crypto.randomUUID()
}
