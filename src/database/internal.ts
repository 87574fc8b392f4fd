// What other kit folders need and users of the kit do not.

export type { Preparable } from './query.ts'
export { queryAs } from './query-as.ts'
export { withRetry } from './retry.ts'
