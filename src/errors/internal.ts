// What other kit folders need and users of the kit do not.

export { callListener } from './call-listener.ts'
