import type { Query, TenantTx } from '../database/index.ts'
import { kitQuery } from '../database/internal.ts'
import { ApiError, findDatabaseError } from '../errors/index.ts'

/** A request with a key. The tenant and the actor come from the transaction. */
export interface KeyedRequest {
  /** The method and the path: `POST /tasks`. */
  route: string
  key: string
  /** The hash of its query and its body. */
  fingerprint: string
}

const valuesOf = ({ route, key, fingerprint }: KeyedRequest) => [route, key, fingerprint]

// sql/37-idempotency.sql

/** Claims the key until the end of the transaction. It fails where {@link refusalOf} says why. */
export const claimKey = (tx: TenantTx, request: KeyedRequest): Query<unknown> =>
  kitQuery(tx, 'select tenancy.claim_idempotency_key($1, $2, $3)', valuesOf(request))

/** Stores the answer, as JSON, for 24 hours. */
export const storeAnswer = (tx: TenantTx, request: KeyedRequest, answer: string): Query<unknown> =>
  kitQuery(tx, 'select tenancy.store_idempotent_answer($1, $2, $3, $4)', [...valuesOf(request), answer])

/**
 * The stored answer of a request. The transaction gets an id, which is later than that of the work: so a bookmark of the replay lets the
 * client read the work from a replica.
 */
export const readAnswer = (tx: TenantTx, request: KeyedRequest): Query<readonly Record<string, unknown>[]> =>
  kitQuery(
    tx,
    'select tenancy.read_idempotent_answer($1, $2, $3) as answer, pg_catalog.pg_current_xact_id()::text as id',
    valuesOf(request),
  )

/** A 409: the same request may succeed a second later. */
export const underWay = (cause?: unknown): ApiError =>
  new ApiError('CONFLICT', 'A request with this Idempotency-Key is under way', {
    headers: { 'Retry-After': '1' },
    cause,
  })

/** What the failure of a keyed transaction means: `answered` where the key has the answer of this request. */
export function meaningOf(error: unknown): unknown {
  switch (findDatabaseError(error)?.sqlstate) {
    case 'RH010':
      return 'answered'
    case 'RH011':
      return underWay(error)
    case 'RH012':
      return new ApiError('IDEMPOTENCY_KEY_REUSED', undefined, { cause: error })
    default:
      return error
  }
}
