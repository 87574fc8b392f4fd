export { type Failure, failure, type LargeResponseEnv, ok, type Problem, type Success } from './envelope.ts'
export { type Page, pagination, toPage, totalMax } from './pagination.ts'
export { type RequestIdEnv, requestId } from './request-id.ts'
export { failureOf, Pagination, pageOf, successOf } from './schemas.ts'
