export type { Check, Finding } from './finding.ts'
export { checks, type IsolationCheckOptions, inOrder, inspectRowSecurity } from './inspect.ts'
export { assertRowSecurity, createIsolationCheck, type IsolationCheck, RowSecurityError } from './isolation-check.ts'
