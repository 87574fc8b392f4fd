import { join } from 'node:path'
import { tables } from './tables.ts'

// `bun run docs`

for (const [path, text] of Object.entries(tables)) await Bun.write(join(import.meta.dir, '../..', path), text)
