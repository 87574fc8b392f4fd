export { protectedTablesFile, shippedFiles } from './apply-project.ts'
export { openInMemory } from './in-memory.ts'
export {
  type Migrated,
  type MigrateOptions,
  migrate,
  migrateAndInspect,
  migrateAndReport,
} from './migrate.ts'
export { type EmbeddedDatabase, servePglite } from './pglite-server.ts'
export type { MigratedProject } from './project.ts'
export { breakpoint, MigrationError, readText } from './read-migrations.ts'
export { readSqlVersion } from './sql-version.ts'
