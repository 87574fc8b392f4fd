import { describe, expect, test } from 'bun:test'
import { appendFileSync, cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asOwner, createBareDatabase } from '../../database.ts'
import { foreign } from '../foreign/project.ts'
import { createProject, rowhouse } from '../run.ts'

const nowhere = 'postgres://owner:s3cret@127.0.0.1:1/nowhere'

describe('rowhouse migrate', () => {
  test('applies the SQL and the migrations of the folder, and lists the new migrations', async () => {
    const { ownerUrl, appUrl } = await createBareDatabase()
    const env = { DATABASE_OWNER_URL: ownerUrl, DATABASE_URL: appUrl }
    const first = await rowhouse(['migrate'], { cwd: foreign.folder, env })
    expect(first).toEqual({
      code: 0,
      stdout:
        'Applied drizzle/0000_all.sql.\nEvery table with a tenant column is protected by row-level security.\n' +
        'The login of DATABASE_URL works: app_user.\n',
      stderr: '',
    })
    const second = await rowhouse(['migrate'], { cwd: foreign.folder, env })
    expect(second.stdout).toStartWith('There was no new migration.\n')
  })

  test('lets flags override the configuration', async () => {
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
    const policies = asOwner(
      database,
    )`select from pg_policy join pg_class c on c.oid = polrelid where relforcerowsecurity`
    expect(await policies).toHaveLength(4)
  })

  test('rolls back when a table would not be protected, and names the table', async () => {
    const database = await createBareDatabase()
    const env = { DATABASE_OWNER_URL: database.ownerUrl }
    const { code, stdout, stderr } = await rowhouse(['migrate', '--shared', 'public.other'], {
      cwd: foreign.folder,
      env,
    })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('public.countries: the serving role can reach it, and it has no tenant column')
    expect(stderr).toMatch(/\nNothing was changed\. [^\n]*change the Drizzle schema or the SQL, and generate again/)
    expect((await asOwner(database)`select to_regclass('countries')::text as found`)[0]?.found).toBeNull()
  })

  const unready: [string, (folder: string) => void, RegExp][] = [
    [
      'a project before its first Drizzle migration',
      (folder) => rmSync(join(folder, 'drizzle'), { recursive: true }),
      /^sql\/40-protected-tables\.sql, statement 1: relation "weird\.name\.Order" does not exist\nRun "bunx drizzle-kit generate" first\b.*\n\n/,
    ],
    [
      'a table that has no migration yet',
      (folder) =>
        appendFileSync(join(folder, 'sql/40-protected-tables.sql'), ";select tenancy.protect('public.later')"),
      /: relation "public\.later" does not exist\nRun "bunx drizzle-kit generate" first\b.*\n\n/,
    ],
    [
      'a project without the journal of Drizzle',
      (folder) => rmSync(join(folder, 'drizzle/meta'), { recursive: true }),
      /^drizzle\/meta\/_journal\.json does not exist: run "bunx drizzle-kit generate"[^\n]*\n$/,
    ],
    [
      'a truncated journal',
      (folder) => writeFileSync(join(folder, 'drizzle/meta/_journal.json'), '{ "entries": ['),
      /^drizzle\/meta\/_journal\.json cannot be read: JSON Parse error[^\n]*\nRestore it from version control[^\n]*\n$/,
    ],
    [
      'a journal of another shape',
      (folder) => writeFileSync(join(folder, 'drizzle/meta/_journal.json'), '{ "entries": 1 }'),
      /^drizzle\/meta\/_journal\.json cannot be read: [^{]*entries[^{]*\nRestore it from version control[^\n]*\n$/,
    ],
    [
      'a journal that names a missing file',
      (folder) => rmSync(join(folder, 'drizzle/0000_all.sql')),
      /^drizzle\/meta\/_journal\.json cannot be read: No file [^\n]*0000_all\.sql[^\n]*\nRestore it from version control/,
    ],
    [
      'SQL with a COMMIT',
      (folder) => writeFileSync(join(folder, 'sql/15-own.sql'), 'select 1; commit'),
      /^sql\/15-own\.sql ends the transaction of the migration: [^\n]*permanent\. Remove COMMIT from the file\.\n$/,
    ],
    [
      'SQL with a ROLLBACK',
      (folder) => writeFileSync(join(folder, 'sql/15-own.sql'), 'select 1; rollback'),
      /^sql\/15-own\.sql ends the transaction of the migration: [^\n]*undone[^\n]* Remove ROLLBACK from the file\.\n$/,
    ],
  ]
  test.each(unready)('rejects %s in one message that says what to do', async (_, change, message) => {
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

  test('rejects a login that does not own the database, and names the login that it needs', async () => {
    const { appUrl } = await createBareDatabase()
    const env = { DATABASE_OWNER_URL: appUrl }
    const { code, stderr } = await rowhouse(['migrate'], { cwd: foreign.folder, env })
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /^sql\/\S+\.sql, statement \d+: permission denied [^\n]*\nDATABASE_OWNER_URL must log in as the owner of the database\.\n/,
    )
  })

  test('rejects a folder that was named and does not exist', async () => {
    const env = { DATABASE_OWNER_URL: nowhere }
    const outcome = (flag: string) => rowhouse(['migrate', flag, 'nope'], { cwd: foreign.folder, env })
    const stderr = (writer: string) => `The folder nope does not exist: "${writer}" writes it.\n`
    expect(await outcome('--migrations')).toMatchObject({ code: 2, stderr: stderr('bunx drizzle-kit generate') })
    expect(await outcome('--sql')).toMatchObject({ code: 2, stderr: stderr('bunx rowhouse init') })
  })

  test('fails at a server that is not PostgreSQL with a remedy', async () => {
    using server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
    const env = { DATABASE_OWNER_URL: `postgres://owner:s3cret@127.0.0.1:${server.port}/d` }
    const { code, stderr } = await rowhouse(['migrate'], { env })
    expect(code).toBe(2)
    expect(stderr).toMatch(/^Connection terminated unexpectedly\nCheck [^\n]* are those of a PostgreSQL server\.\n$/)
  })

  const wrong: [string, Record<string, string>, RegExp][] = [
    ['without DATABASE_OWNER_URL', {}, /^DATABASE_OWNER_URL is not set: set it to postgres:\/\/owner:password@\S+\n$/],
    [
      'without a user in DATABASE_URL',
      { DATABASE_OWNER_URL: nowhere, DATABASE_URL: 'postgres://:s3cret@h/d' },
      /^DATABASE_URL must name a user: [^\n]*\n$/,
    ],
    [
      'without a password in DATABASE_BACKUP_URL',
      { DATABASE_OWNER_URL: nowhere, DATABASE_BACKUP_URL: 'postgres://app_backup@h/d' },
      /^DATABASE_BACKUP_URL must have a password: [^\n]*\n$/,
    ],
    [
      'with a database that does not answer',
      { DATABASE_OWNER_URL: nowhere },
      /ECONNREFUSED[^\n]*\nStart PostgreSQL, [^\n]*\n$/,
    ],
    [
      'with the URL of another kind of database',
      { DATABASE_OWNER_URL: 'mysql://o:s3cret@h/d' },
      /^DATABASE_OWNER_URL must be a URL such as postgres:[^\n]*\n$/,
    ],
    [
      'with another kind of database in DATABASE_URL',
      { DATABASE_OWNER_URL: nowhere, DATABASE_URL: 'mysql://app_user:s3cret@h/d' },
      /^DATABASE_URL must be a URL such as postgres:[^\n]*\n$/,
    ],
    ['with a malformed URL', { DATABASE_OWNER_URL: 'postgres://o:s3cret%@h:x/d' }, /^DATABASE_OWNER_URL is malformed/],
  ]
  test.each(wrong)('fails %s in one message without a password', async (_, env, message) => {
    const { code, stdout, stderr } = await rowhouse(['migrate'], { env })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(message)
    expect(stderr).not.toContain('s3cret')
  })
})
