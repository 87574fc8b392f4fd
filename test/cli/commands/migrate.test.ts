import { describe, expect, test } from 'bun:test'
import { appendFileSync, cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asOwner, createBareDatabase } from '../../database.ts'
import { foreign } from '../foreign/project.ts'
import { createProject, rowhouse } from '../run.ts'

const nowhere = 'postgres://owner:s3cret@127.0.0.1:1/nowhere'

describe('rowhouse migrate', () => {
  test("applies the folder's SQL and migrations, and says what was new", async () => {
    const { ownerUrl, appUrl } = await createBareDatabase()
    const env = { DATABASE_OWNER_URL: ownerUrl, DATABASE_URL: appUrl }
    const first = await rowhouse(['migrate'], { cwd: foreign.folder, env })
    expect(first).toEqual({
      code: 0,
      stdout: 'Applied drizzle/0000_all.sql.\nEvery table of tenants stands behind its wall.\n',
      stderr: '',
    })
    const second = await rowhouse(['migrate'], { cwd: foreign.folder, env })
    expect(second.stdout).toStartWith('The tables were up to date.\n')
  })

  test('takes flags over the configuration', async () => {
    using project = createProject({
      'rowhouse.config.ts': `export default { sql: 'wrong', migrations: 'wrong', tenantColumn: 'wrong', shared: [] }`,
    })
    for (const part of ['sql', 'drizzle'])
      cpSync(join(foreign.folder, part), join(project.folder, part), { recursive: true })
    const database = await createBareDatabase()
    const folders = ['--sql', 'sql', '--migrations', 'drizzle']
    const names = ['--tenant-column', 'Org Id', '--shared', 'public.countries']
    const env = { DATABASE_OWNER_URL: database.ownerUrl }
    const { code, stderr } = await rowhouse(['migrate', ...folders, ...names], { cwd: project.folder, env })
    expect([code, stderr]).toEqual([0, ''])
    expect(await asOwner(database)`select from pg_policy`).toHaveLength(4)
  })

  test('leaves the database as it was when a wall would have a hole, and names it', async () => {
    const database = await createBareDatabase()
    const env = { DATABASE_OWNER_URL: database.ownerUrl }
    // Nobody allows what tenants share.
    const { code, stdout, stderr } = await rowhouse(['migrate', '--shared', 'public.other'], {
      cwd: foreign.folder,
      env,
    })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('public.countries: the serving role can reach it, and it has no tenant column')
    expect((await asOwner(database)`select to_regclass('countries')::text as found`)[0]?.found).toBeNull()
  })

  const unready: [string, (folder: string) => void, RegExp][] = [
    [
      'before Drizzle has generated anything',
      (folder) => rmSync(join(folder, 'drizzle'), { recursive: true }),
      /^sql\/40-protected-tables\.sql, statement 1: relation "weird\.name\.Order" does not exist\nRun "drizzle-kit generate" first\b.*\n\n/,
    ],
    [
      'when a table has no migration yet',
      (folder) =>
        appendFileSync(join(folder, 'sql/40-protected-tables.sql'), ";select tenancy.protect('public.later')"),
      /: relation "public\.later" does not exist\nRun "drizzle-kit generate" first\b.*\n\n/,
    ],
    [
      "without Drizzle's journal",
      (folder) => rmSync(join(folder, 'drizzle/meta'), { recursive: true }),
      /^There is no drizzle\/meta\/_journal\.json: run "drizzle-kit generate"[^\n]*\n$/,
    ],
    [
      'with half a journal',
      (folder) => writeFileSync(join(folder, 'drizzle/meta/_journal.json'), '{ "entries": ['),
      /^drizzle\/meta\/_journal\.json cannot be read: JSON Parse error[^\n]*\nTake it from version control[^\n]*\n$/,
    ],
    [
      'with a journal of something else',
      (folder) => writeFileSync(join(folder, 'drizzle/meta/_journal.json'), '{ "entries": 1 }'),
      /^drizzle\/meta\/_journal\.json cannot be read: [^{]*entries[^{]*\nTake it from version control[^\n]*\n$/,
    ],
    [
      'without a file that the journal names',
      (folder) => rmSync(join(folder, 'drizzle/0000_all.sql')),
      /^drizzle\/meta\/_journal\.json cannot be read: No file [^\n]*0000_all\.sql[^\n]*\nTake it from version control/,
    ],
    [
      'with a COMMIT of its own',
      (folder) => writeFileSync(join(folder, 'sql/15-own.sql'), 'select 1; commit'),
      /^sql\/15-own\.sql ends the transaction by itself: [^\n]*stays[^\n]* Take COMMIT out of it\.\n$/,
    ],
    [
      'with a ROLLBACK of its own',
      (folder) => writeFileSync(join(folder, 'sql/15-own.sql'), 'select 1; rollback'),
      /^sql\/15-own\.sql ends the transaction by itself: [^\n]*undone[^\n]* Take ROLLBACK out of it\.\n$/,
    ],
  ]
  test.each(unready)('%s says what to do, in one message', async (_, change, message) => {
    using project = createProject({})
    for (const part of ['sql', 'drizzle', 'rowhouse.config.ts'])
      cpSync(join(foreign.folder, part), join(project.folder, part), { recursive: true })
    change(project.folder)
    const { ownerUrl } = await createBareDatabase()
    const env = { DATABASE_OWNER_URL: ownerUrl }
    const { code, stdout, stderr } = await rowhouse(['migrate'], { cwd: project.folder, env })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(message)
  })

  const wrong: [string, Record<string, string>, RegExp][] = [
    ['without the owner', {}, /^DATABASE_OWNER_URL is required: postgres:\/\/owner:password@host:5432\/database\n$/],
    [
      'with another role to serve',
      { DATABASE_OWNER_URL: nowhere, DATABASE_URL: 'postgres://web:s3cret@h/d' },
      /^DATABASE_URL must log in as app_user: [^\n]*\n$/,
    ],
    ['with a lost database', { DATABASE_OWNER_URL: nowhere }, /ECONNREFUSED[^\n]*\nStart PostgreSQL, [^\n]*\n$/],
    [
      'with another database',
      { DATABASE_OWNER_URL: 'mysql://o:s3cret@h/d' },
      /^DATABASE_OWNER_URL must be a URL as postgres:[^\n]*\n$/,
    ],
    [
      'with another database to serve',
      { DATABASE_OWNER_URL: nowhere, DATABASE_URL: 'mysql://app_user:s3cret@h/d' },
      /^DATABASE_URL must be a URL as postgres:[^\n]*\n$/,
    ],
    ['with a malformed URL', { DATABASE_OWNER_URL: 'postgres://o:s3cret%@h:x/d' }, /^The database's URL is malformed/],
  ]
  test.each(wrong)('%s says so in one message, without a password', async (_, env, message) => {
    const { code, stdout, stderr } = await rowhouse(['migrate'], { env })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(message)
    expect(stderr).not.toContain('s3cret')
  })
})
