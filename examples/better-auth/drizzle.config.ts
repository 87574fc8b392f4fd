import { defineConfig } from 'drizzle-kit'

// No credentials, on purpose: "drizzle-kit push" would disable row-level security. "rowhouse migrate" applies migrations.
export default defineConfig({
  dialect: 'postgresql',
  schema: ['./src/schema.ts', './src/auth-schema.ts'],
  out: './drizzle',
})
