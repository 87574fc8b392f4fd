export {
  changesOf,
  createEnvelope,
  type Envelope,
  followedListOf,
  listOf,
  ok,
  pageOf,
  type Success,
  type SuccessResponse,
  successOf,
} from './envelope.ts'
export { type Failure, failure, type Problem } from './failure.ts'
export type { EnvelopeOptions } from './fields.ts'
export type { LargeResponseEnv } from './large-response.ts'
export { type Page, pagination, toPage, totalMax } from './pagination.ts'
export { type RequestIdEnv, requestId } from './request-id.ts'
export { CursorPagination, FailureBody, Pagination, ProblemDetails } from './schemas.ts'
