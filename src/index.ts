/**
 * The front of the kit. `rowhouse/testing` and `rowhouse/auth` have entries of their own: production never loads the first, and a
 * service behind a gateway does not load what verifies tokens.
 */

export * from './context/index.ts'
export * from './database/index.ts'
export * from './envelope/index.ts'
export * from './errors/index.ts'
export * from './isolation/index.ts'
export * from './limits/index.ts'
export * from './openapi/index.ts'
export * from './resolution/index.ts'
