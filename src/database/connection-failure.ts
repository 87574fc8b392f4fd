import { ApiError, findRemedy, unavailable } from '../errors/index.ts'

/**
 * A 503, because a connection cannot be used: it is lost or cannot be opened (`lost`), or PostgreSQL's answer or a free connection of the
 * pool takes too long (`late`), which does not show whether the server or a long query is the reason. Its message is for the operator:
 * the response of a 503 never contains it.
 */
export class ConnectionFailure extends ApiError {
  constructor(
    readonly kind: 'lost' | 'late',
    cause: Error,
  ) {
    const { message, headers } = unavailable(cause)
    const known = findRemedy(cause)
    super('SERVICE_UNAVAILABLE', known ? `${known.problem}\n${known.remedy}` : message, { headers, cause })
  }
}
