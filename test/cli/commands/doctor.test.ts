import { describe, expect, test } from 'bun:test'
import type { Log } from 'sarif'
import { z } from 'zod'
import { asOwner, createDatabase, main } from '../../database.ts'
import { createProject, rowhouse } from '../run.ts'

const broken = await createDatabase()
await asOwner(broken).unsafe(`
  alter policy tenant_isolation on tasks using (true);
  create index tasks_title_idx on tasks (title)`)

const findings = z.array(
  z.strictObject({
    level: z.enum(['error', 'warning']),
    check: z.string(),
    guarantee: z.number(),
    object: z.string(),
    problem: z.string(),
    remedy: z.string(),
  }),
)
const access = z.strictObject({ state: z.enum(['leaks', 'tried', 'protected', 'not proved']), why: z.string() })
const audit = z.strictObject({ redact: z.array(z.string()), ignore: z.array(z.string()) }).nullable()
const jsonReport = z.strictObject({
  subject: z.string(),
  findings,
  milliseconds: z.number(),
  tables: z.array(
    z.strictObject({
      table: z.string(),
      select: access,
      insert: access,
      update: access,
      delete: access,
      recording: z.strictObject({ audit, trash: z.boolean(), cascadesFrom: z.array(z.string()) }).optional(),
    }),
  ),
  summary: z.strictObject({ errors: z.number(), warnings: z.number() }),
})

const doctor = (url: string, ...options: string[]) => rowhouse(['doctor', ...options], { env: { DATABASE_URL: url } })

describe('rowhouse doctor', () => {
  test('on our own schema finds nothing but an outdated server release, and prints the duration', async () => {
    const { code, stdout } = await doctor((await createDatabase()).appUrl) // other tests write entries of old months to the shared one
    expect(code).toBe(0)
    const [summary = '', ...paragraphs] = stdout.trim().split('\n\n').reverse()
    expect(summary).toMatch(/^0 errors, [01] warnings?: app_user on \S+, inspected in \d+ ms$/)
    expect(
      paragraphs.filter(
        (one) => !/^server: 1 warning\n {2}warning {2}server-release\n|^1 warning {2}docs|^A write to/.test(one),
      ),
    ).toEqual([])
  })

  test('prints what the database keeps of a write to each table, where it keeps something', async () => {
    const database = await createDatabase()
    await asOwner(database).unsafe(`
      create table notes (like tasks including all); select tenancy.protect('notes');
      select tenancy.audit('tasks', redact => '{title,status}');
      select tenancy.audit('users'); alter table users disable trigger record_change;
      select tenancy.stop_trash('tasks'); select tenancy.trash('users')`)
    const writes = async () =>
      (await doctor(database.appUrl)).stdout.split('\n\n').find((text) => text.startsWith('A write to'))
    expect((await writes())?.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['A write to', 'protection', 'audit trail', 'trash'],
      ['public.notes', 'protected', 'no', 'no'],
      ['public.tasks', 'protected', 'yes, without title, status', 'no'],
      ['public.users', 'protected', 'no', 'yes'],
    ])
    const { tables } = jsonReport.parse(JSON.parse((await doctor(database.appUrl, '--json')).stdout))
    expect(tables.find(({ table }) => table === 'public.tasks')?.recording).toEqual({
      audit: { redact: ['title', 'status'], ignore: ['updated_at'] },
      trash: false,
      cascadesFrom: [],
    })
    await asOwner(database).unsafe("select tenancy.stop_recording_except('{}', '{}')")
    expect(await writes()).toBeUndefined()
  })

  test('reports tables of one aggregate that differ, unless rowhouse.config.ts says so', async () => {
    const database = await createDatabase()
    await asOwner(database).unsafe(`
      create table notes (like tasks including all, foreign key (tenant_id, user_id) references users on delete cascade);
      select tenancy.protect('notes')`)
    await asOwner(database).unsafe("select tenancy.audit('notes')")
    await asOwner(database).unsafe("select tenancy.stop_recording_except('{notes}', '{}')")
    const reported = async (tables: string) => {
      using project = createProject({ 'rowhouse.config.ts': `export default { tables: ${tables} }` })
      const run = { cwd: project.folder, env: { DATABASE_URL: database.appUrl } }
      const { findings } = jsonReport.parse(JSON.parse((await rowhouse(['doctor', '--json'], run)).stdout))
      return findings.filter(({ check }) => check === 'write-differs')
    }
    expect(await reported('{}')).toEqual([
      {
        level: 'warning',
        check: 'write-differs',
        guarantee: 27,
        object: 'public.users',
        problem: 'it has no audit trail, and public.notes, to which its deletes cascade, has one',
        remedy:
          'In rowhouse.config.ts, tables: { users: { audit: true } }. With audit: false, it is meant to have none.',
      },
    ])
    expect(await reported('{ users: { audit: false } }')).toEqual([])
  })

  test('prints a paragraph for each object: level, check id, problem and remedy', async () => {
    const { code, stdout } = await doctor(broken.appUrl)
    expect(code).toBe(1)
    const paragraph = stdout.split('\n\n').find((text) => text.startsWith('public.tasks: 1 error, 1 warning\n'))
    expect(paragraph?.split('\n').slice(1)).toEqual([
      '  error    policy-text',
      '    its policy tenant_isolation does not limit rows to the tenant: using true',
      '      → alter policy tenant_isolation on public.tasks using (tenant_id = (select tenancy.current_tenant_id()));',
      '  warning  index-without-tenant',
      '    public.tasks_title_idx does not begin with tenant_id',
      expect.stringMatching(/^ {6}→ drop index public\.tasks_title_idx; CREATE INDEX .*;$/),
    ])
  })

  test.each([
    ['with findings', broken, 1, 'policy-text'],
    ['without an error', main, 0, 'public.users'],
  ])('prints a page of a database %s', async (_, database, exitCode, text) => {
    const { code, stdout } = await doctor(database.appUrl, '--format', 'html')
    expect(code).toBe(exitCode)
    expect(stdout).toStartWith('<!doctype html>')
    expect(stdout).toContain('Isolation matrix')
    expect(stdout).toContain(text)
  })

  test('prints no colours into a pipe', async () => {
    expect((await doctor(broken.appUrl)).stdout).not.toContain('\u001b')
  })

  test('prints colours with FORCE_COLOR', async () => {
    const { stdout } = await rowhouse(['doctor'], { env: { DATABASE_URL: broken.appUrl, FORCE_COLOR: '1' } })
    expect(stdout).toContain('\u001b[31merror')
    expect(stdout).toContain('\u001b[33mwarning')
  })

  test('prints the same findings as JSON', async () => {
    const { code, stdout } = await doctor(broken.appUrl, '--json')
    expect(code).toBe(1)
    const { summary, findings: found } = jsonReport.parse(JSON.parse(stdout))
    expect(found).toContainEqual(expect.objectContaining({ check: 'policy-text', object: 'public.tasks' }))
    expect(found.filter(({ level }) => level === 'error')).toHaveLength(summary.errors)
    expect(found).toHaveLength(summary.errors + summary.warnings)
  })

  test('prints SARIF whose results have a rule and a location', async () => {
    const { code, stdout } = await doctor(broken.appUrl, '--format', 'sarif')
    expect(code).toBe(1)
    const { runs, version } = JSON.parse(stdout) as Log // made by code that the compiler holds to the same type
    const [run] = runs
    const rules = run?.tool.driver.rules?.map(({ id }) => id) ?? []
    expect(version).toBe('2.1.0')
    expect(run?.results?.map(({ ruleId }) => ruleId)).toContain('policy-text')
    for (const { ruleId = '', locations, partialFingerprints } of run?.results ?? []) {
      expect(rules).toContain(ruleId)
      expect(locations?.[0]?.physicalLocation?.artifactLocation?.uri).toBe('sql/40-protected-tables.sql')
      expect(partialFingerprints?.['finding/v1']).toMatch(/^[0-9a-f]{64}$/)
    }
  })

  test('exits with 1 for warnings with --strict', async () => {
    const warned = await createDatabase()
    await asOwner(warned).unsafe('create index tasks_title_idx on tasks (title)')
    expect((await doctor(warned.appUrl)).code).toBe(0)
    expect((await doctor(warned.appUrl, '--strict')).code).toBe(1)
  })

  test('inspects as the role of --role', async () => {
    const { stdout } = await doctor(main.ownerUrl, '--role', 'app_user')
    expect(stdout).toContain('0 errors')
    expect((await doctor(main.ownerUrl)).stdout).toContain('the serving role is a superuser')
  })

  test('reports a tenant column that no table has', async () => {
    const { code, stdout } = await doctor(main.appUrl, '--tenant-column', 'org_id')
    expect(code).toBe(1)
    expect(stdout).toContain('it has no tenant table: no table has the column org_id')
  })
})

describe('rowhouse doctor exits with 2 and one message', () => {
  test('at a server that is not PostgreSQL', async () => {
    using server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
    expect(await doctor(`postgres://a:s3cret@127.0.0.1:${server.port}/b`)).toEqual({
      code: 2,
      stdout: '',
      stderr: `127.0.0.1:${server.port} does not answer as PostgreSQL: correct the host and the port\n`,
    })
  })

  test.each<[string, string[], Record<string, string>, string]>([
    ['without a database', [], {}, 'DATABASE_URL is not set'],
    [
      'when the database does not answer',
      [],
      { DATABASE_URL: 'postgres://a:s3cret@127.0.0.1:1/b' },
      'Start PostgreSQL',
    ],
    ['with a malformed URL', ['--url', 'postgres://a:s3cret/@b:99999/c'], {}, 'malformed'],
    ['at another kind of database', ['--url', 'mysql://a:s3cret@b/c'], {}, '--url must be a URL such as postgres://'],
    [
      'as a role that the login may not SET ROLE to',
      ['--role', 'postgres'],
      { DATABASE_URL: main.appUrl },
      'Log in as postgres itself',
    ],
    [
      'as a role that does not exist',
      ['--url', main.ownerUrl, '--role', 'missing'],
      {},
      'role "missing" does not exist',
    ],
    ['in an unknown format', ['--format', 'xml'], {}, 'Allowed choices are text, json, sarif, html'],
  ])('%s', async (_, options, env, message) => {
    const { code, stdout, stderr } = await rowhouse(['doctor', ...options], { env })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr).not.toMatch(/s3cret|^\s+at |app_user, which/m)
  })
})
