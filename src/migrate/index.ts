export { openInMemory } from './in-memory.ts'
export {
  type Migrated,
  type MigratedProject,
  type MigrateOptions,
  migrate,
  migrateAndInspect,
  migrateAndReport,
} from './migrate.ts'
export { type EmbeddedDatabase, servePglite } from './pglite-server.ts'
export { MigrationError } from './read-migrations.ts'
