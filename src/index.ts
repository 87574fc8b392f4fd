/**
 * The main entry of the kit. `rowhouse/testing` and `rowhouse/auth` are separate entries: production does not load test code, and a
 * service behind a gateway does not load the verification of tokens.
 */

export * from './conditions/index.ts'
export * from './context/index.ts'
export * from './database/index.ts'
export * from './envelope/index.ts'
export * from './errors/index.ts'
export * from './http/index.ts'
export * from './idempotency/index.ts'
export * from './isolation/index.ts'
export * from './limits/index.ts'
export * from './openapi/index.ts'
export * from './resolution/index.ts'
