export { openInMemory } from './in-memory.ts'
export { type MigratedProject, type MigrateOptions, migrate, prepare } from './migrate.ts'
export { type EmbeddedDatabase, serve } from './pglite-server.ts'
export { MigrationError } from './read-migrations.ts'
