export { isDatabaseUrl } from './database-url.ts'
export { isHeaderName } from './header-name.ts'
export { isRequestId } from './request-id.ts'
export { parseWholeNumber, wholeNumberPattern } from './whole-number.ts'
