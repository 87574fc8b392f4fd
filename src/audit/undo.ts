import type { TenantTx } from '../database/index.ts'
import { kitQuery } from '../database/internal.ts'
import type { Problem } from '../envelope/index.ts'
import { ApiError, causesOf, findDatabaseError } from '../errors/index.ts'

/** What an undo did to a row. */
export interface UndoneChange {
  /** The table: `tasks`, or `billing.invoices` outside of the schema `public`. */
  resource: string
  /** The primary key without the tenant; of several columns, an array of texts in JSON. */
  id: string
  action: 'deleted' | 'updated' | 'restored'
}

export interface UndoOptions {
  /** Whether all transactions of the request id are reversed. @default false: an id of several is a conflict */
  all?: boolean | undefined
}

/**
 * Reverses what a request of the last 24 hours created, changed, deleted and restored in audited tables, in the transaction. Either all of
 * it is reversed or nothing.
 *
 * @param tx a transaction of `db.write`
 * @returns the changes in the order in which they were made, the last one of the request first; none when the tenant has no such request
 * @throws ApiError CONFLICT, whose details name what stands in the way: a row that was changed later, or changes that are redacted or erased
 * @example
 * const changes = await db.write((tx) => undoRequest(tx, requestId))
 */
export async function undoRequest(
  tx: TenantTx,
  requestId: string,
  { all = false }: UndoOptions = {},
): Promise<UndoneChange[]> {
  try {
    const rows = await kitQuery(tx, text, [requestId, all])
    return rows.map((row) => ({ ...row }) as unknown as UndoneChange) // the columns of the function
  } catch (error) {
    throw conflictOf(error) ?? error
  }
}

// sql/36-undo.sql
const text = 'select resource, id, action from tenancy.undo_request($1, $2::pg_catalog.bool)'

/** The conflict that an error of the function means; undefined for another error. */
function conflictOf(cause: unknown): ApiError | undefined {
  switch (findDatabaseError(cause)?.sqlstate) {
    case 'RH022':
      return new ApiError('CONFLICT', 'The request is older than 24 hours: it cannot be undone', { cause })
    case 'RH023': {
      const message = 'The request id names several transactions: undo them all with ?all=true'
      const details: Problem[] = [{ path: 'all', in: 'query', code: 'several_transactions', message }]
      return new ApiError('CONFLICT', message, { details, cause })
    }
    case 'RH024':
      return new ApiError('CONFLICT', 'Something stands in the way of the undo', { details: problemsOf(cause), cause })
    default:
      return undefined
  }
}

/** The most details of a response. */
const detailsMax = 100

const messages: Record<string, string> = {
  changed_later: 'Another request changed the row later',
  would_change: 'Another request made the row later, and the undo would change it',
  reference: 'Rows that refer to each other stand in the way',
  exists: 'Another row has the value that must be unique',
  invalid: 'The table does not take the value any more',
  not_in_trash: 'The deleted row is not kept',
  not_there: 'The row is not there',
  not_audited: 'The table is not audited any more',
  no_column: 'The changed columns do not exist any more',
  erased: 'The old values were erased',
  redacted: 'The old values are redacted in the audit trail, so nobody knows them',
}

/** What stands in the way, as the detail of the error names it. */
function problemsOf(error: unknown): Problem[] {
  const { detail } = causesOf(error).find((cause) => 'severity' in cause && 'detail' in cause) as { detail?: string } // of pg-protocol
  const named: { resource: string; id: string | null; code: string }[] = JSON.parse(detail ?? '[]') // as the function writes it
  return named.slice(0, detailsMax).map(({ resource, id, code }) => ({
    path: id === null ? resource : `${resource}/${id}`,
    code,
    message: messages[code] ?? 'It stands in the way',
  }))
}
