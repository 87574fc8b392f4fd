import { defineConfig } from 'drizzle-kit'

// No credentials here, on purpose: `drizzle-kit push` would disable row security. `bun run migrate` applies migrations.
export default defineConfig({ dialect: 'postgresql', schema: './db/schema/index.ts', out: './drizzle' })
