import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { plugin } from 'bun'
import { tenantIds } from '../../tenants.ts'

// A preload of test/deep/tenant-ids: names the type of tenant ids in each table of the service while its schema is loaded, as
// docs/tenant-ids.md says.

const folder = join(import.meta.dir, '../../../db/schema')
const columns = '...tenantColumns()'

plugin({
  name: 'schema',
  setup(build) {
    build.onLoad({ filter: new RegExp(`^${RegExp.escape(folder)}/(tasks|users)\\.ts$`) }, async ({ path }) => {
      const contents = await readFile(path, 'utf8')
      if (!contents.includes(columns)) throw new Error(`${path} does not contain: ${columns}`)
      const typed = `...tenantColumns(${JSON.stringify(tenantIds)})`
      return { contents: contents.replace(columns, typed), loader: 'ts' }
    })
  },
})
