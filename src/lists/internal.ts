// What other kit folders need and users of the kit do not.

export { resourceOf } from './change-token.ts'
export { changeTokensOf } from './cursors.ts'
export { type Log, readLog } from './log-size.ts'
export { columnOf, createOrdersBy, primaryKeyOf } from './order.ts'
export { type Asked, createPageReader, parametersOf } from './page-reader.ts'
export type { Fixed } from './pages.ts'
export { createListQuery, sortOf } from './query-schema.ts'
