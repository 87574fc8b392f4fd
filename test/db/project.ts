import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { MigrateOptions } from '../../db/migrate.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A copy of what migrates, to be broken; it is removed when the test ends: `await using project = …`. */
export interface Project extends AsyncDisposable {
  migrate(options: MigrateOptions): Promise<string[]>
  /** Adds a migration behind the others. */
  addMigration(name: string, sql: string): Promise<void>
  change(path: string, change: (text: string) => string): Promise<void>
}

export async function copyProject(): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'rowhouse-project-'))
  for (const part of ['db', 'sql', 'drizzle']) await cp(join(root, part), join(folder, part), { recursive: true })
  for (const part of ['src', 'node_modules']) await symlink(join(root, part), join(folder, part))
  const { migrate } = await import(join(folder, 'db/migrate.ts'))
  const change = async (path: string, change: (text: string) => string) =>
    await writeFile(join(folder, path), change(await readFile(join(folder, path), 'utf8')))
  return {
    migrate,
    change,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
    async addMigration(name, sql) {
      await writeFile(join(folder, `drizzle/${name}.sql`), sql)
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
