export { type AuditEvent, audit } from './event.ts'
export { auditRoutes } from './routes.ts'
export type { Changes } from './tables.ts'
