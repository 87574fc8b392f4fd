import { defineConfig } from 'rowhouse/config'
import { unreachable } from './src/auth-schema.ts'

export default defineConfig({ unreachable })
