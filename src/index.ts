/** The front door of the kit. `rowhouse/testing` is a door of its own, so that production never loads it. */
export * from './envelope/index.ts'
export * from './errors/index.ts'
export * from './openapi/index.ts'
export * from './tenancy/index.ts'
export * from './walls/index.ts'
