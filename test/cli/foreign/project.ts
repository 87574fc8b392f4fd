import { join } from 'node:path'
import { closeAfterwards } from '../../database.ts'
import { createProject, type Outcome, rowhouse } from '../run.ts'

/** A foreign project: a schema with odd names, its Drizzle migration, and the SQL that `rowhouse init` wrote. */
export const foreign = createProject({
  'schema.ts': await Bun.file(join(import.meta.dir, 'schema.ts')).text(),
  'rowhouse.config.ts':
    "export default { schema: './schema.ts', tenantColumn: 'Org Id', shared: ['public.countries'] }",
})
closeAfterwards({ close: async () => foreign[Symbol.dispose]() })

const generate = ['generate', '--dialect', 'postgresql', '--schema', './schema.ts', '--out', 'drizzle', '--name', 'all']
const kit = join(foreign.folder, 'node_modules/drizzle-kit/bin.cjs')
const { success, stderr } = Bun.spawnSync([process.execPath, kit, ...generate], { cwd: foreign.folder })
if (!success) throw new Error(stderr.toString())

/** The result of `rowhouse init` in the project. */
export const initialised: Outcome = await rowhouse(['init'], { cwd: foreign.folder })
