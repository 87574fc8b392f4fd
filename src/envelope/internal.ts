// What other kit folders need and users of the kit do not.

export { pageLinks } from './pagination.ts'
