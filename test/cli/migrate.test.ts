import { describe, expect, test } from 'bun:test'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { asOwner, createBareDatabase } from '../database.ts'
import { foreign } from './foreign/project.ts'
import { createProject, rowhouse } from './run.ts'

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

  const wrong: [string, Record<string, string>, RegExp][] = [
    ['without the owner', {}, /^DATABASE_OWNER_URL is required: postgres:\/\/owner:password@host:5432\/database\n$/],
    [
      'with another role to serve',
      { DATABASE_OWNER_URL: nowhere, DATABASE_URL: 'postgres://web:s3cret@h/d' },
      /^DATABASE_URL must log in as app_user: [^\n]*\n$/,
    ],
    ['with a lost database', { DATABASE_OWNER_URL: nowhere }, /ECONNREFUSED[^\n]*\nStart PostgreSQL, [^\n]*\n$/],
    ['with a malformed URL', { DATABASE_OWNER_URL: 'postgres://o:s3cret%@h:x/d' }, /^The database's URL is malformed/],
  ]
  test.each(wrong)('%s says so in one message, without a password', async (_, env, message) => {
    const { code, stdout, stderr } = await rowhouse(['migrate'], { env })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(message)
    expect(stderr).not.toContain('s3cret')
  })
})
