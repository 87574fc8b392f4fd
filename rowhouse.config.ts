import { shared } from './db/schema/shared.ts'
import { defineConfig } from './src/cli/define-config.ts'

export default defineConfig({ shared })
