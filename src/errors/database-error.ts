import type { Problem } from '../envelope/index.ts'
import { ApiError, unavailable } from './api-error.ts'
import type { ErrorCode } from './catalogue.ts'
import { causesOf } from './causes-of.ts'
import type { Constraints } from './constraints.ts'
import { restoreConflict } from './restore-conflict.ts'

/** The fields of a PostgreSQL error that contain no data. Its `message` and `detail` can contain values. */
export interface DatabaseError {
  sqlstate: string
  constraint: string | undefined
  table: string | undefined
  /** The function in PostgreSQL's source that raised it. */
  routine: string | undefined
  /** What a function of Rowhouse (SQLSTATE RH…) says to the client, as JSON; undefined for PostgreSQL's own errors. */
  conflict: string | undefined
}

/** Finds the PostgreSQL error along the `cause` chain of an error: Drizzle wraps the errors of the driver. */
export function findDatabaseError(error: unknown): DatabaseError | undefined {
  for (const at of causesOf(error)) {
    // Errors of PostgreSQL have a SQLSTATE (Appendix A) and a severity; other errors of drivers have words as codes.
    if ('code' in at && typeof at.code === 'string' && 'severity' in at && /^[0-9A-Z]{5}$/.test(at.code)) {
      const text = (key: string) => {
        const value = (at as unknown as Record<string, unknown>)[key] // fields of the protocol, untyped in the driver
        return typeof value === 'string' ? value : undefined
      }
      const conflict = at.code.startsWith('RH') ? text('detail') : undefined
      return {
        ...{ sqlstate: at.code, constraint: text('constraint'), table: text('table'), routine: text('routine') },
        conflict,
      }
    }
  }
  return undefined
}

// By SQLSTATE or its class of two characters (PostgreSQL, Appendix A). Any other SQLSTATE is a bug of the service: 500.
const codes: Record<string, ErrorCode> = {
  '23505': 'CONFLICT',
  '23001': 'CONFLICT',
  '23P01': 'CONFLICT',
  '23503': 'INVALID_REFERENCE',
  '23514': 'VALIDATION_FAILED',
  '23502': 'VALIDATION_FAILED',
  '22001': 'VALIDATION_FAILED',
  '22P02': 'BAD_REQUEST',
  '22003': 'BAD_REQUEST',
  '22007': 'BAD_REQUEST',
  '22008': 'BAD_REQUEST',
  '22021': 'BAD_REQUEST',
  '22P05': 'BAD_REQUEST',
  '44000': 'VALIDATION_FAILED',
  '54000': 'VALIDATION_FAILED',
  '40001': 'CONFLICT',
  '40P01': 'CONFLICT',
  '55P03': 'CONFLICT',
  '57014': 'SERVICE_UNAVAILABLE',
  '25P03': 'SERVICE_UNAVAILABLE',
  '25P04': 'SERVICE_UNAVAILABLE',
  '08': 'SERVICE_UNAVAILABLE',
  '53': 'SERVICE_UNAVAILABLE',
  '57': 'SERVICE_UNAVAILABLE',
}

/** Serialization failure, deadlock, lock not available: the same transaction may succeed when it runs again. */
export const isTransient = (sqlstate: string): boolean => ['40001', '40P01', '55P03'].includes(sqlstate)

/**
 * Translates a PostgreSQL error into the failure for the client.
 *
 * @param method the method of the request: 23503 on DELETE means that other rows refer to this one (409); with other methods
 *   it means that the request refers to a missing row (422)
 * @returns undefined for a bug of the service, such as a missing privilege (42501), which no request may cause
 */
export function toApiError(
  error: DatabaseError,
  cause: unknown,
  method: string,
  constraints: Constraints,
): ApiError | undefined {
  // The WITH CHECK of a policy refused the row, which a body with a tenant can cause.
  if (error.sqlstate === '42501' && error.routine === 'ExecWithCheckOptions')
    return new ApiError('VALIDATION_FAILED', 'The request sets a value that it must not set', { cause })
  if (error.sqlstate === 'RH021') return restoreConflict(error.conflict, constraints, cause)
  const code = codes[error.sqlstate] ?? codes[error.sqlstate.slice(0, 2)]
  if (code === undefined) return undefined
  if (code === 'SERVICE_UNAVAILABLE') return unavailable(cause)
  if (isTransient(error.sqlstate))
    return new ApiError('CONFLICT', undefined, { headers: { 'Retry-After': '1' }, cause })
  if (error.sqlstate === '23503' && method === 'DELETE')
    return new ApiError('CONFLICT', 'Other records still refer to this one', { cause })
  const known = error.constraint === undefined ? undefined : constraints[error.constraint]
  if (known === undefined) return new ApiError(code, undefined, { cause })
  const details: Problem[] = [{ path: known.path, code: code.toLowerCase(), message: known.message }]
  // A conflict has one reason, so its message says it too.
  return new ApiError(code, code === 'CONFLICT' ? known.message : undefined, { details, cause })
}
