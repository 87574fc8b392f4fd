// What other kit folders need and users of the kit do not.

export { inTransaction } from './plain-transaction.ts'
export { queryAs } from './query-as.ts'
export { withRetry } from './retry.ts'
