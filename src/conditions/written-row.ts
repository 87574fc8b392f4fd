import { mapped, type Query } from '../database/index.ts'
import { ApiError } from '../errors/index.ts'

/** What an UPDATE or DELETE of one row did. */
export interface WrittenRow<Row> {
  /** The row, as RETURNING gave it; undefined when none was written. */
  readonly row: Row | undefined
  /** Whether the tenant has the row, written or not. */
  readonly isPresent: boolean
}

/**
 * Joins an UPDATE or DELETE of one row with the query that tells why it wrote nothing: in one message, and in one transaction.
 *
 * @param write the statement, with RETURNING
 * @param present selects the row without the condition of the request; undefined when the request has no condition
 * @example
 * writtenRow(changedNote(tx, values, { id }, expected), expected && noteById(tx, { id }))
 */
export const writtenRow = <Row>(
  write: PromiseLike<readonly Row[]>,
  present?: PromiseLike<readonly unknown[]>,
): Query<WrittenRow<Row>> =>
  present === undefined
    ? mapped(write, ([row]) => ({ row, isPresent: row !== undefined }))
    : mapped([write, present], ([[row], found]) => ({ row, isPresent: row !== undefined || found.length > 0 }))

/**
 * The row that was written.
 *
 * @param missing returns the error for a row that the tenant does not have
 * @throws what `missing` returns; ApiError PRECONDITION_FAILED for a row that is there in another version
 * @example
 * const row = rowOf(await db.write((tx) => updateNote(tx, id, body, expected)), () => new ApiError('NOT_FOUND', 'Note not found'))
 */
export function rowOf<Row>({ row, isPresent }: WrittenRow<Row>, missing: () => Error): Row {
  if (row !== undefined) return row
  throw isPresent ? new ApiError('PRECONDITION_FAILED') : missing()
}
