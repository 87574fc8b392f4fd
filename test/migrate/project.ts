import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { shared } from '../../db/schema/shared.ts'
import { type MigrateOptions, migrate } from '../../src/migrate/index.ts'
import { project as ofType, tenantIds } from '../tenants.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A copy of the migrated files for a test to change, deleted when the test ends: `await using project = …`. */
export interface Project extends AsyncDisposable {
  folder: string
  migrate(options: MigrateOptions): Promise<string[]>
  /** Adds a migration after the others. */
  addMigration(name: string, sql: string): Promise<void>
  change(path: string, change: (text: string) => string): Promise<void>
  write(path: string, text: string): Promise<void>
}

export async function copyProject(): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'rowhouse-project-'))
  await cp(join(root, 'sql'), join(folder, 'sql'), { recursive: true })
  await cp(ofType.migrations ?? join(root, 'drizzle'), join(folder, 'drizzle'), { recursive: true })
  const write = (path: string, text: string) => writeFile(join(folder, path), text)
  const change = async (path: string, change: (text: string) => string) =>
    await write(path, change(await readFile(join(folder, path), 'utf8')))
  return {
    folder,
    migrate: (options) =>
      migrate({ ...tenantIds, sql: join(folder, 'sql'), migrations: join(folder, 'drizzle'), shared, ...options }),
    change,
    write,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
    async addMigration(name, sql) {
      await write(`drizzle/${name}.sql`, sql)
      await change('drizzle/meta/_journal.json', (text) => {
        const journal = JSON.parse(text)
        const { when } = journal.entries.at(-1)
        journal.entries.push({
          idx: journal.entries.length,
          version: '7',
          when: when + 1,
          tag: name,
          breakpoints: true,
        })
        return JSON.stringify(journal)
      })
    },
  }
}
