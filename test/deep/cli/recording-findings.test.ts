import { afterAll, describe, expect, test } from 'bun:test'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { loadRowhouseConfig, type RowhouseConfig } from '../../../src/cli/config.ts'
import { checkProject } from '../../../src/cli/schema/check-project.ts'
import { aggregateFindings, recordingFindings } from '../../../src/cli/schema/recording-findings.ts'
import type { Finding, Recording } from '../../../src/isolation/index.ts'
import { migrate } from '../../../src/migrate/index.ts'
import { createProject, rowhouse } from '../../cli/run.ts'
import { asOwner, createBareDatabase } from '../../database.ts'

const root = join(import.meta.dir, '../../..')
const schema = `import { foreignKey, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import { tenantColumns } from '${root}/src/context/index.ts'
export const users = pgTable('users', { ...tenantColumns(), email: text('email'), lastSeenAt: timestamp('last_seen_at') },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] })])
export const notes = pgTable('notes', { ...tenantColumns(), userId: uuid('user_id').notNull() }, (t) => [
  primaryKey({ columns: [t.tenantId, t.id] }),
  foreignKey({ columns: [t.tenantId, t.userId], foreignColumns: [users.tenantId, users.id] }).onDelete('cascade')])`
const configuration = (tables: string) => `export default { schema: './schema.ts', tables: ${tables} }`
const both =
  '{ users: { audit: { redact: ["email"], ignore: ["last_seen_at"] }, trash: true }, notes: { audit: true, trash: true } }'

const generated = createProject({ 'schema.ts': schema })
afterAll(() => generated[Symbol.dispose]())
const kit = join(root, 'node_modules/drizzle-kit/bin.cjs')
const generate = ['generate', '--dialect', 'postgresql', '--schema', './schema.ts', '--out', 'drizzle']
Bun.spawnSync([process.execPath, kit, ...generate], { cwd: generated.folder })

/** A project with generated migrations, whose SQL is written for one configuration. */
async function projectWith(tables: string) {
  const project = createProject({ 'schema.ts': schema, 'rowhouse.config.ts': configuration(tables) })
  cpSync(join(generated.folder, 'drizzle'), join(project.folder, 'drizzle'), { recursive: true })
  expect(await rowhouse(['init'], { cwd: project.folder })).toMatchObject({ code: 0, stderr: '' })
  return project
}

/** A copy of a project with another configuration: a module is loaded once. */
async function configured(folder: string, tables: string): Promise<Disposable & { config: RowhouseConfig }> {
  const copy = createProject({ 'rowhouse.config.ts': configuration(tables), 'schema.ts': schema })
  for (const part of ['sql', 'drizzle']) cpSync(join(folder, part), join(copy.folder, part), { recursive: true })
  return { ...copy, config: await loadRowhouseConfig({}, copy.folder) }
}

const lines = (findings: Finding[]) => findings.map(({ check, object, problem }) => `${check} | ${object} | ${problem}`)
const config = 'rowhouse.config.ts gives it'

describe('rowhouse check', () => {
  test('compares what the tables record with the configuration', async () => {
    using project = await projectWith(both)
    const checked = async (tables: string) => {
      using copy = await configured(project.folder, tables)
      return lines(await checkProject(copy.config, (await createBareDatabase()).ownerUrl))
    }
    expect(await checked(both)).toEqual([])
    expect(await checked('{ users: { audit: { redact: [], ignore: [] } }, notes: { trash: true } }')).toEqual([
      `recording-differs | public.notes | it has an audit trail, and ${config} none`,
      `recording-differs | public.users | it has a trash, and ${config} none`,
      'recording-differs | public.users | its audit trail redacts email, and in rowhouse.config.ts nothing',
      'recording-differs | public.users | its audit trail ignores last_seen_at, updated_at, and in rowhouse.config.ts updated_at',
    ])
  })

  test('finds a table whose SQL was not written yet', async () => {
    using project = await projectWith('{}')
    using copy = await configured(project.folder, '{ users: { audit: true, trash: true }, notes: { trash: false } }')
    expect(lines(await checkProject(copy.config, (await createBareDatabase()).ownerUrl))).toEqual([
      `recording-differs | public.users | it has no audit trail, and ${config} one`,
      `recording-differs | public.users | it has no trash, and ${config} one`,
    ])
  })
})

describe('a migration', () => {
  test('starts and stops the audit trail and the trash as rowhouse.config.ts says, and keeps the triggers that are right', async () => {
    using project = await projectWith(both)
    const database = await createBareDatabase()
    const owner = asOwner(database)
    const triggers = async () =>
      [
        ...(await owner<{ name: string; id: string }[]>`
          select tgrelid::regclass::text || ' ' || tgname as name, oid::text as id from pg_trigger
          where tgname in ('record_change', 'keep_deleted', 'begin_batch') order by 1`),
      ].map(({ name, id }) => [name, id] as const)
    const run = async (tables: string) => {
      using copy = await configured(project.folder, tables)
      await rowhouse(['init'], { cwd: copy.config.folder })
      await migrate({ ...copy.config, url: database.ownerUrl })
      return await triggers()
    }
    const first = await run(both)
    expect(first.map(([name]) => name)).toEqual(
      ['notes', 'users'].flatMap((table) =>
        ['begin_batch', 'keep_deleted', 'record_change'].map((name) => `${table} ${name}`),
      ),
    )
    expect(await run(both)).toEqual(first)
    const fewer = await run('{ users: { audit: { redact: ["email"], ignore: ["last_seen_at"] } } }')
    expect(fewer).toEqual(first.filter(([name]) => name === 'users record_change'))
    expect(await run('{}')).toEqual([])
    expect([...(await owner`select * from tenancy.recorded_tables`)]).toEqual([])
  }, 30_000)
})

const recording = (more: Partial<Recording> = {}): Recording => ({
  audit: null,
  trash: false,
  cascadesFrom: [],
  ...more,
})
const audit = { redact: [], ignore: ['updated_at'] }

describe('tables of one aggregate', () => {
  const cascade = { cascadesFrom: ['public.users'] }
  const check = (users: Recording, notes: Recording, tables = {}) =>
    lines(aggregateFindings(new Map(Object.entries({ 'public.users': users, 'public.notes': notes })), tables))

  test('are alike', () => {
    expect(check(recording({ audit, trash: true }), recording({ audit, trash: true, ...cascade }))).toEqual([])
    expect(check(recording({ audit, trash: true }), recording())).toEqual([])
  })

  test('are reported when one of them has no audit trail or no trash', () => {
    expect(check(recording({ audit }), recording({ trash: true, ...cascade }))).toEqual([
      'write-differs | public.notes | it has no audit trail, and public.users, whose deletes cascade to it, has one',
      'write-differs | public.users | it has no trash, and public.notes, to which its deletes cascade, has one',
    ])
  })

  test('differ where the configuration says false', () => {
    const tables = { notes: { audit: false }, 'public.users': { trash: false } }
    expect(check(recording({ audit }), recording({ trash: true, ...cascade }), tables)).toEqual([])
  })
})

test('a name with a keyword of PostgreSQL is the same table', () => {
  const found = new Map([['public."order"', recording({ trash: true })]])
  expect(recordingFindings(found, new Map([['public.order', { audit: undefined, trash: true }]]))).toEqual([])
})
