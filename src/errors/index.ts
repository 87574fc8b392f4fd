export { ApiError, unavailable } from './api-error.ts'
export { catalogue, type ErrorCode } from './catalogue.ts'
export { causesOf } from './causes-of.ts'
export type { Constraints } from './constraints.ts'
export { type DatabaseError, findDatabaseError, isTransient } from './database-error.ts'
export { type ErrorKind, type ErrorName, errorKind, type FailureStatus } from './error-kind.ts'
export type { ErrorReport, FailureReport } from './error-log.ts'
export {
  createErrorHandler,
  type ErrorEnv,
  type ErrorHandlerOptions,
  notFound,
  onInvalid,
  throwErrors,
} from './handlers.ts'
export { ConfigError, OperatorError } from './operator-error.ts'
export { optionalPackage } from './optional-package.ts'
export { findRemedy } from './remedies.ts'
