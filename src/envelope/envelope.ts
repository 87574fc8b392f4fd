import type { Context, MiddlewareHandler, TypedResponse } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { JSONParsed } from 'hono/utils/types'
import { commonFields, type EnvelopeOptions, type LeftOut, setEnvelope } from './fields.ts'
import { bytesOf, type LargeResponseEnv, largeBytes, slicesOfList, slicesOfText } from './large-response.ts'
import { createSchemas, type EnvelopeSchemas } from './schemas.ts'

/** The body of a successful response. */
export interface Success<Data, Meta = undefined> {
  success: true
  statusCode: number
  requestId: string
  data: Data
  meta: Meta
  timestamp: string
  path: string
}

/** A success as a client reads it: without what is left out, and with the types of JSON. */
type SuccessBody<Data, Meta, Left extends string> = JSONParsed<
  Omit<Success<Data, Meta>, Left | (Meta extends undefined ? 'meta' : never)>
>

/** Whether a type contains a bigint, which JSON cannot express. A type may contain itself, so the search ends below six levels. */
type HasBigint<T, Depth extends 0[] = []> = unknown extends T // also any
  ? false
  : T extends { toJSON(): unknown } | ((...args: never) => unknown)
    ? false
    : T extends bigint
      ? true
      : Depth['length'] extends 6
        ? false
        : T extends readonly (infer Item)[]
          ? HasBigint<Item, [...Depth, 0]>
          : T extends object
            ? true extends { [Key in keyof T]-?: HasBigint<T[Key], [...Depth, 0]> }[keyof T]
              ? true
              : false
            : false

/** The response, or what no handler may return: so generic code that responds with a type parameter compiles. */
type WithoutBigint<Data, Body> =
  true extends HasBigint<Data> ? { readonly 'JSON has no bigint': 'Convert it to a string' } : Body

/** The response of `ok`. */
export type SuccessResponse<
  Data,
  Status extends ContentfulStatusCode,
  Meta,
  Options extends EnvelopeOptions,
> = WithoutBigint<
  Data,
  // NoInfer: the statuses of the route's failures are not those of a success.
  Response & TypedResponse<SuccessBody<Data, Meta, LeftOut<Options>>, NoInfer<Status>, 'json'>
>

/** The functions that respond in the envelope, and its schemas. */
export interface Envelope<Options extends EnvelopeOptions = EnvelopeOptions> extends EnvelopeSchemas<LeftOut<Options>> {
  readonly options: Options
  /** Gives the failures of an app the same form: `app.use(envelope.middleware)`, before everything else. */
  readonly middleware: MiddlewareHandler
  /**
   * Responds with the success envelope. The keys keep the order of {@link Success}; without `meta` that key is absent.
   *
   * @param data the payload, which may be `null`. A handler whose data contains a bigint does not compile
   * @param options `status` (`@default 200`) and `meta`
   * @example
   * return ok(c, toTask(row), { status: 201 })
   */
  ok<Data, const Status extends ContentfulStatusCode = 200, Meta = undefined>(
    c: Context,
    data: Data,
    options?: { status?: Status; meta?: Meta },
  ): SuccessResponse<Data, Status, Meta, Options>
}

/**
 * Creates an envelope of your own: with fewer fields, or with `application/problem+json` for the clients that accept it. Respond with
 * its `ok`, and declare routes with its `successOf`, `pageOf` and `listOf`. The exports of these names belong to the envelope with all fields.
 *
 * @param options which fields bodies have. @default all, and no problem+json
 * @example
 * export const envelope = createEnvelope({ timestamp: false, path: false, problems: true })
 * export const { listOf, ok, pageOf, successOf } = envelope
 * app.use(envelope.middleware)
 * createDocument(app, { …, envelope })
 */
export function createEnvelope<const Options extends EnvelopeOptions = Record<never, never>>(
  options: Options = {} as Options, // as its default type
): Envelope<Options> {
  return {
    ...createSchemas<LeftOut<Options>>(options),
    options,
    middleware(c, next) {
      setEnvelope(c, options)
      return next()
    },
    ok(c, data, { status, meta } = {}) {
      const { requestId, timestamp, path } = commonFields(c, options)
      const statusCode = status ?? 200
      const response = respond(c, { success: true, statusCode, requestId, data, meta, timestamp, path })
      return response as ReturnType<Envelope<Options>['ok']> as never // the body is of the declared type
    },
  }
}

const whole = createEnvelope()
// With their types by name: written out, they are too long for a declaration.
export const ok: Envelope<Record<never, never>>['ok'] = whole.ok
export const successOf: Envelope<Record<never, never>>['successOf'] = whole.successOf
export const pageOf: Envelope<Record<never, never>>['pageOf'] = whole.pageOf
export const listOf: Envelope<Record<never, never>>['listOf'] = whole.listOf
export const followedListOf: Envelope<Record<never, never>>['followedListOf'] = whole.followedListOf
export const changesOf: Envelope<Record<never, never>>['changesOf'] = whole.changesOf

/** A body as it is written: without what is undefined. */
type WrittenBody = { success: true; statusCode: number; data: unknown } & Partial<
  Record<'requestId' | 'meta' | 'timestamp' | 'path', unknown>
>

/** Writes a large body in slices where {@link LargeResponseEnv} is set, else at once. */
function respond(c: Context<LargeResponseEnv>, body: WrittenBody): Response {
  const status = body.statusCode as ContentfulStatusCode // as ok() got it
  const sendLarge = c.get('sendLarge')
  if (sendLarge && Array.isArray(body.data) && !('toJSON' in body.data)) {
    const bytes = bytesOf(body.data)
    if (bytes >= largeBytes) return c.body(sendLarge(bytes, slicesOf(body, body.data)), status, json)
  }
  const text = JSON.stringify(body)
  if (sendLarge && text.length >= largeBytes / 2)
    return c.body(sendLarge(2 * text.length, slicesOfText(text)), status, json)
  return c.body(text, status, json)
}

function slicesOf({ meta, timestamp, path, ...body }: WrittenBody, data: unknown[]): Iterator<Uint8Array> {
  const head = `${JSON.stringify({ ...body, data: undefined }).slice(0, -1)},"data":[`
  const rest = JSON.stringify({ meta, timestamp, path }).slice(1)
  return slicesOfList(head, [...data], rest === '}' ? ']}' : `],${rest}`) // a copy, since it is read later
}

const json = { 'Content-Type': 'application/json' }
