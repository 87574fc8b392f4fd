export { ApiError, unavailable } from './api-error.ts'
export { catalogue, type ErrorCode } from './catalogue.ts'
export { type Constraints, type DatabaseError, findDatabaseError, isTransient } from './database-error.ts'
export { createErrorHandler, type ErrorEnv, type ErrorReport, notFound, onInvalid, throwErrors } from './handlers.ts'
