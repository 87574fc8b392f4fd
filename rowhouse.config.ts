import { shared } from './db/schema/shared.ts'
import { defineConfig } from './src/cli/define-config.ts'

export default defineConfig({
  shared,
  tables: { users: { audit: { redact: ['email'] }, trash: true }, tasks: { audit: true, trash: true } },
  features: './src/service/features',
  app: './src/service/app.ts',
  tests: './test/service/http',
})
