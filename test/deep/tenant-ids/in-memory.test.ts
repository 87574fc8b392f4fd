import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { createProject, rowhouse } from '../../cli/run.ts'

const root = join(import.meta.dir, '../../..')

// drizzle-kit prints the type of the column as it is, and PGlite has no collations but "C".
test.each(['text', 'bigint'])(
  'the migration that drizzle-kit generates for ids of type %s passes rowhouse check, without a server',
  async (type) => {
    using project = createProject({
      'rowhouse.config.ts': `export default { tenantId: '${type}' }`,
      'db/schema/index.ts': `import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { tenantColumns } from '${root}/src/context/index.ts'
export const notes = pgTable('notes', { ...tenantColumns({ tenantId: '${type}' }), text: text('text').notNull() }, (t) => [
  primaryKey({ columns: [t.tenantId, t.id] }),
]).enableRLS()
`,
    })
    const surroundings = { cwd: project.folder }
    expect((await rowhouse(['init'], surroundings)).code).toBe(0)
    const kit = [join(root, 'node_modules/drizzle-kit/bin.cjs'), 'generate', '--dialect', 'postgresql']
    const generate = [...kit, '--schema', './db/schema/index.ts', '--out', 'drizzle']
    expect(Bun.spawnSync([process.execPath, ...generate], surroundings).success).toBe(true)
    expect(await rowhouse(['check', '--strict'], surroundings)).toMatchObject({ code: 0, stderr: '' })
    expect(await rowhouse(['check', '--strict', '--tenant-id', 'uuid'], surroundings)).not.toMatchObject({ code: 0 })
  },
  60_000,
)
