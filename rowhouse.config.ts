import { shared } from './db/schema/shared.ts'
import { defineConfig } from './src/cli/define-config.ts'

export default defineConfig({
  shared,
  features: './src/service/features',
  app: './src/service/app.ts',
  tests: './test/service/http',
})
