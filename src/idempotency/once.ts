import type { Context, TypedResponse } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import {
  type IsolationLevel,
  mapped,
  type TenantDatabase,
  type TenantTx,
  TransactionMisuse,
} from '../database/index.ts'
import { endingWith, isJoined, type Returned, resultOf } from '../database/internal.ts'
import { type Envelope, type EnvelopeOptions, ok, type SuccessResponse } from '../envelope/index.ts'
import { fingerprintOf } from './fingerprint.ts'
import { idempotencyKey } from './key.ts'
import { claimKey, type KeyedRequest, meaningOf, readAnswer, storeAnswer, underWay } from './records.ts'

/** What a request is answered with. */
export interface Answer<Data, Status, Meta> {
  /** @default 200. With 204 there is no body. */
  status?: Status
  data?: Data
  meta?: Meta
  /** Headers of the response, such as `Location`. They are stored with the answer, so they must belong to it: `Set-Cookie` is not stored. */
  headers?: Record<string, string>
}

/** The response to an answer. */
type Responded<Data, Status, Meta, Options extends EnvelopeOptions> = Status extends 204
  ? Response & TypedResponse<null, 204, 'body'>
  : Status extends ContentfulStatusCode
    ? SuccessResponse<Data, Status, Meta, Options>
    : never

type Tables = Record<string, unknown>

export interface OnceOptions<
  Result,
  Data,
  Status,
  Meta,
  Options extends EnvelopeOptions,
  Schema extends Tables = Record<string, never>,
> {
  /** As the work of `db.write`: it may run twice, and its first query goes with BEGIN. */
  work: (tx: TenantTx<Schema>) => Returned<Result>
  /**
   * Makes the answer from the result of the work. It does nothing else. It may throw an `ApiError`, such as NOT_FOUND, where the work has
   * changed nothing: without a key it runs after COMMIT. Work that has changed rows and must be refused throws itself.
   */
  answer: (result: Result) => Answer<Data, Status, Meta>
  /** How much the work sees of other transactions, as in `db.write`. @default the database's, which is read committed */
  isolation?: IsolationLevel | undefined
  /** An envelope of your own. */
  envelope?: Envelope<Options>
}

/**
 * Runs the work of an unsafe request and responds; with `Idempotency-Key`, once for each key. The answer is stored in the transaction of the
 * work, for 24 hours, and the same request gets it again, with `Idempotency-Replayed: true`. What fails stores nothing, so the next attempt
 * works. A key belongs to its tenant, actor, method and path. Without the header it costs nothing; with it, one more round trip. Under a
 * key the body is read whole, so a handler reads it by `c.req`, not by `c.req.raw.body`.
 *
 * @throws ApiError BAD_REQUEST for a malformed key, IDEMPOTENCY_KEY_REUSED for another query or body under the key, and CONFLICT with
 *   `Retry-After` while another request works under the key. With a key, TransactionMisuse inside of `db.write`, and TypeError for a
 *   second call in one request
 * @example
 * (c) => once(c, db, {
 *   work: (tx) => insertTask(tx, c.req.valid('json')),
 *   answer: (row) => ({ status: 201, data: toTask(row), headers: { Location: `/tasks/${row.id}` } }),
 * })
 */
export async function once<
  Result,
  Data = undefined,
  const Status extends ContentfulStatusCode | 204 = 200,
  Meta = undefined,
  Options extends EnvelopeOptions = Record<never, never>,
  Schema extends Tables = Record<string, never>,
>(
  c: Context,
  db: TenantDatabase<Schema>,
  { work, answer, isolation, envelope }: OnceOptions<Result, Data, Status, Meta, Options, Schema>,
): Promise<Responded<Data, Status, Meta, Options>> {
  const respond = (given: Answer<unknown, number, unknown>) =>
    responseTo(c, given, (envelope?.ok ?? ok) as typeof ok) as Responded<Data, Status, Meta, Options> // as the answer says
  const key = idempotencyKey(c)
  if (key === undefined) return respond(answer(await db.write(work, { isolation })))
  if (answered.has(c))
    throw new TypeError('once() is called twice in one request, which has one key: put all the work into one call')
  answered.add(c)
  const request = { route: `${c.req.method} ${c.req.path}`, key, fingerprint: await fingerprintOf(c) }
  try {
    return respond(await db.write((tx) => workOnce(tx, request, work, answer), { isolation }))
  } catch (error) {
    const meaning = meaningOf(error)
    if (meaning !== 'answered') throw meaning
  }
  const stored = await storedAnswer(db, request)
  c.header('Idempotency-Replayed', 'true')
  return respond(stored)
}

/** The requests with a key for which it was called. */
const answered = new WeakSet<Context>()

/** Claims the key in front of the work, and stores the answer with COMMIT. */
async function workOnce<Schema extends Tables, Result, Given extends Answer<unknown, unknown, unknown>>(
  tx: TenantTx<Schema>,
  request: KeyedRequest,
  work: (tx: TenantTx<Schema>) => Returned<Result>,
  answer: (result: Result) => Given,
): Promise<Given> {
  // The answer under its key would fail the transaction around this one.
  if (isJoined(tx))
    throw new TransactionMisuse('once() is called inside of db.write: call it in the handler, around the whole work')
  const claimed = resultOf(claimKey(tx, request))
  const working = (async () => await resultOf(work(tx)))() // also an error that it throws at once is a rejection
  working.catch(() => {}) // it is thrown below, unless the claim failed
  await claimed
  const result = await working
  const given = answer(result)
  return endingWith(mapped(storeAnswer(tx, request, toJson(given)), () => given))
}

function toJson({ headers = {}, ...given }: Answer<unknown, unknown, unknown>): string {
  new Headers(headers) // throws for a header that no response can have, before the answer is stored
  const kept = Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'set-cookie')
  return JSON.stringify({ ...given, headers: Object.fromEntries(kept) })
}

/** Reads the answer on the primary: a replica may not have it yet. */
async function storedAnswer(db: TenantDatabase, request: KeyedRequest): Promise<Answer<unknown, number, unknown>> {
  const [row] = await db.write((tx) => readAnswer(tx, request))
  if (typeof row?.answer !== 'string') throw underWay() // it has expired since
  return JSON.parse(row.answer)
}

function responseTo(
  c: Context,
  { status = 200, data, meta, headers = {} }: Answer<unknown, number, unknown>,
  respond: typeof ok,
): Response {
  for (const [name, value] of Object.entries(headers)) c.header(name, value)
  if (status === 204) return c.body(null, 204)
  return respond(c, data, { status: status as ContentfulStatusCode, meta }) // as OnceOptions says
}
