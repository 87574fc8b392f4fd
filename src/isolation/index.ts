export type { Check, Finding } from './finding.ts'
export { checks, inOrder, inspectRowSecurity, type WallOptions } from './inspect.ts'
export { assertRowSecurity, createWallCheck, RowSecurityError, type WallCheck } from './isolation-check.ts'
