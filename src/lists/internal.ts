// What other kit folders need and users of the kit do not.

export { columnOf, createOrdersBy, primaryKeyOf } from './order.ts'
export { type Asked, createPageReader, parametersOf } from './page-reader.ts'
export type { Fixed } from './pages.ts'
export { createListQuery, sortOf } from './query-schema.ts'
