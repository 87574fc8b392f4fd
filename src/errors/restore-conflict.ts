import { z } from 'zod'
import { ApiError } from './api-error.ts'
import type { Constraints } from './constraints.ts'

/** What stands in the way of a restored row: `tenancy.put_back()` of sql/36-trash.sql. */
const Conflict = z.object({
  /** `missing`: a row to which it refers. `exists`: a row that has its key. `invalid`: the table accepts it no more. */
  code: z.enum(['missing', 'exists', 'invalid']),
  resource: z.string(),
  /** The row; null where it is not known. */
  id: z.string().nullable(),
  /** The constraint; a column that must not be null has none. */
  constraint: z.string().nullable(),
})

const messages = {
  missing: 'It refers to a row that is not there',
  exists: 'Another row has its key',
  invalid: 'The table does not accept it any more',
}

/**
 * The failure of a row that cannot be restored. Its detail names the row that is missing or that exists already.
 *
 * @param json the detail of the error
 */
export function restoreConflict(json: string | undefined, constraints: Constraints, cause: unknown): ApiError {
  const read = Conflict.safeParse(parse(json))
  const message = 'The row cannot be restored'
  if (!read.success) return new ApiError('CONFLICT', message, { cause })
  const { code, resource, id, constraint } = read.data
  const known = constraint === null ? undefined : constraints[constraint]
  const named = id === null ? resource : `${resource} ${id}`
  const detail = { path: known?.path ?? '', code, message: `${known?.message ?? messages[code]}: ${named}` }
  return new ApiError('CONFLICT', message, { details: [detail], cause })
}

function parse(json: string | undefined): unknown {
  try {
    return JSON.parse(json ?? '')
  } catch {
    return undefined
  }
}
