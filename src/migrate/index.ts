export { openInMemory } from './in-memory.ts'
export { type MigratedProject, type MigrateOptions, migrate, migrateAndInspect } from './migrate.ts'
export { type EmbeddedDatabase, servePglite } from './pglite-server.ts'
export { MigrationError } from './read-migrations.ts'
