/**
 * The front door of the kit. Doors of their own are `rowhouse/testing`, so that production never loads it, and `rowhouse/trust`,
 * so that who has a gateway does not load what verifies tokens.
 */
export * from './envelope/index.ts'
export * from './errors/index.ts'
export * from './limits/index.ts'
export * from './openapi/index.ts'
export * from './tenancy/index.ts'
export * from './walls/index.ts'
