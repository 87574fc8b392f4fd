import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dir, '../..')

/** The versions of the SQL before this one. Each folder is a project as `rowhouse init` and drizzle-kit wrote it then. */
export const olderVersions = [1]

/** A copy of the project of an older version, deleted when the test ends. */
export async function copyOlderProject(version: number): Promise<AsyncDisposable & { folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'rowhouse-older-'))
  await cp(join(import.meta.dir, `version-${version}`), folder, { recursive: true })
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  await writeFile(
    join(folder, 'rowhouse.config.ts'),
    "export default { schema: './schema.ts', shared: ['public.countries'] }",
  )
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}
