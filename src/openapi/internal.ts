// What other kit folders need and users of the kit do not.

export { atMost, beyondTotal, isWithinTotal, limit, optionalPage } from './fields.ts'
