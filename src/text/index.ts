export { isHeaderName } from './header-name.ts'
export { isRequestId } from './request-id.ts'
export { parseWholeNumber } from './whole-number.ts'
