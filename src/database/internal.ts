// What other kit folders need and users of the kit do not.

export { isJoined, kitQuery } from './kit-query.ts'
export { inTransaction } from './plain-transaction.ts'
export type { Changes, UpdateParts } from './prepared-update.ts'
export { endingWith, type Preparable, type Returned, resultOf } from './query.ts'
export { queryAs } from './query-as.ts'
export { withRetry } from './retry.ts'
