import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { compareFile } from '../../../src/cli/output/written-file.ts'
import { createProject } from '../../cli/run.ts'
import { createOwnedDatabases } from '../../migrate/owners.ts'
import { copyProject, type Project } from '../../migrate/project.ts'

const owned = createOwnedDatabases()
const root = join(import.meta.dir, '../../..')
const mark = '\uFEFF'
const asWindows = (text: string) => `${mark}${text.replaceAll('\n', '\r\n')}`

/** Changes every file as a Windows editor or a clone on Windows does. */
async function convert(project: Project): Promise<void> {
  for (const part of ['sql', 'drizzle', 'drizzle/meta'])
    for (const name of await readdir(join(project.folder, part)))
      if (/\.(sql|json)$/.test(name)) await project.change(`${part}/${name}`, asWindows)
}

describe('a project whose files have CRLF and a byte order mark', () => {
  test('finds nothing new in a database that was migrated from LF', async () => {
    const { url } = await owned.createMigrated('a superuser')
    await using project = await copyProject()
    await convert(project)
    expect(await project.migrate({ url })).toEqual([])
  })

  test('prepares an empty database as the files with LF do', async () => {
    const { url, sql } = await owned.createEmpty('no superuser')
    await using project = await copyProject()
    await convert(project)
    await project.migrate({ url })
    expect(
      await sql`select from pg_proc where pronamespace = 'tenancy'::regnamespace and strpos(prosrc, chr(13)) > 0`,
    ).toHaveLength(0)
    await using original = await copyProject()
    expect(await original.migrate({ url })).toEqual([])
  })
})

test('a migration that was applied with CRLF by an older release or by Drizzle counts as applied', async () => {
  const { url, sql } = await owned.createMigrated('a superuser')
  await using project = await copyProject()
  const text = await readFile(join(project.folder, 'drizzle/0000_users_and_tasks.sql'), 'utf8')
  const hash = createHash('sha256').update(text.replaceAll('\n', '\r\n')).digest('hex')
  await sql`update drizzle.__drizzle_migrations set hash = ${hash} where id = 1`
  expect(await project.migrate({ url })).toEqual([])
})

test('the stored hash of a migration is the one that Drizzle computes', async () => {
  const { sql } = await owned.createMigrated('a superuser')
  const text = await readFile(join(root, 'drizzle/0000_users_and_tasks.sql'), 'utf8')
  const [row] = await sql`select hash from drizzle.__drizzle_migrations order by id`
  expect(row?.hash).toBe(createHash('sha256').update(text).digest('hex'))
})

test('rowhouse init takes a file with CRLF and a byte order mark for its own', async () => {
  using project = createProject({})
  const path = join(project.folder, 'own.sql')
  const { text } = await compareFile(path, 'select 1;\nselect 2;\n')
  await writeFile(path, asWindows(text))
  expect((await compareFile(path, 'select 1;\nselect 2;\n')).state).toBe('same')
  expect((await compareFile(path, 'select 3;\n')).state).toBe('outdated')
})

test('git checks the text files of this repository out with LF on every system', async () => {
  const paths = ['sql/10-roles.sql', 'src/index.ts', 'drizzle/meta/_journal.json', 'docs/request.svg', 'bun.lock']
  const { stdout } = Bun.spawnSync(['git', 'check-attr', 'eol', '--', ...paths], { cwd: root })
  expect(stdout.toString()).toBe(paths.map((path) => `${path}: eol: lf\n`).join(''))
})
