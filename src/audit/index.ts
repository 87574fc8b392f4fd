export { type AuditEvent, audit } from './event.ts'
export type { AuditRoutesOptions } from './export.ts'
export { auditRoutes } from './routes.ts'
export type { Changes } from './tables.ts'
