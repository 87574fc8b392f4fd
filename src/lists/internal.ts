// What other kit folders need and users of the kit do not.

export { resourceOf } from './change-token.ts'
export { changeTokensOf } from './cursors.ts'
export { type Log, readLog } from './log-size.ts'
export { primaryKeyOf } from './order.ts'
