export { type Answer, type OnceOptions, once } from './once.ts'
