import { defineConfig } from 'rowhouse/config'
import { shared, tenantId } from './src/schema.ts'

export default defineConfig({ schema: './src/schema.ts', shared, tenantId })
