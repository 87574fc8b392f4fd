import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { planInit } from '../../../src/cli/commands/init.ts'
import { loadRowhouseConfig } from '../../../src/cli/config.ts'
import { compareViews, readViews } from '../../../src/cli/schema/read-views.ts'
import { openConnection } from '../../../src/database/index.ts'
import { closeAfterwards, createBareDatabase } from '../../database.ts'
import { createProject, rowhouse } from '../run.ts'

const root = join(import.meta.dir, '../../..')
const schema = `import { pgMaterializedView, pgSchema, pgTable, pgView, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { tenantColumns } from '${root}/src/context/index.ts'
export const notes = pgTable('notes', { ...tenantColumns(), body: text('body') }, (t) => [primaryKey({ columns: [t.tenantId, t.id] })])
export const openNotes = pgView('open_notes').with({ securityInvoker: true }).as((qb) => qb.select().from(notes))
export const allNotes = pgView('all_notes').as((qb) => qb.select().from(notes))
export const user = pgView('user', { id: uuid('id') }).existing()
export const known = pgView('known', { id: uuid('id') }).existing()
export const totals = pgMaterializedView('totals').as((qb) => qb.select().from(notes))
export const auth = pgSchema('auth')
export const sessions = auth.table('sessions', { id: text('id').primaryKey() })`

const plan = async (flags = {}) => {
  using project = createProject({ 'schema.ts': schema })
  const config = await loadRowhouseConfig({ schema: 'schema.ts', ...flags }, project.folder)
  const { files, findings } = await planInit(config)
  const text = files.at(-1)?.text ?? ''
  return { calls: [...text.matchAll(/^select tenancy\.(.*);$/gm)].map(([, call]) => call), findings }
}
const found = ({ findings }: Awaited<ReturnType<typeof plan>>) =>
  findings.map(({ level, check, object }) => [level, check, object])

describe('rowhouse init', () => {
  test('lets the serving role read views that run with its rights, and refuses the others with the reason', async () => {
    const planned = await plan()
    expect(planned.calls).toEqual([
      "protect('public.notes')",
      "share('public.known')",
      "share('public.open_notes')",
      "share('public.user')",
    ])
    expect(found(planned)).toEqual([
      ['warning', 'no-tenant-column', 'auth.sessions'],
      ['error', 'view', 'public.all_notes'],
      ['error', 'without-row-security', 'public.totals'],
    ])
    const [, view, materialized] = planned.findings
    expect(view?.remedy).toStartWith('.with({ securityInvoker: true }) before .as(…)')
    expect(materialized?.problem).toStartWith('a materialized view has no row-level security')
  })

  test('accepts what is listed as shared or as unreachable', async () => {
    const planned = await plan({ shared: ['public.totals'], unreachable: ['auth.sessions', 'public.all_notes'] })
    expect(planned.calls).toEqual([
      "withhold('auth.sessions')",
      "protect('public.notes')",
      "withhold('public.all_notes')",
      "share('public.known')",
      "share('public.open_notes')",
      "share('public.totals')",
      "share('public.user')",
    ])
    expect(found(planned)).toEqual([])
  })

  test('warns about an unreachable name that does not exist', async () => {
    const { findings } = await plan({ unreachable: ['auth.session'] })
    expect(findings).toContainEqual(
      expect.objectContaining({
        check: 'unknown-shared',
        object: 'auth.session',
        problem: 'it is in unreachable, but no such table, view, sequence or function exists',
      }),
    )
  })

  test('rejects a name that is shared and unreachable', async () => {
    using project = createProject({ 'schema.ts': schema })
    const flags = ['--schema', 'schema.ts', '--shared', 'auth.sessions', '--unreachable', 'auth.sessions']
    const { code, stderr } = await rowhouse(['init', ...flags], { cwd: project.folder })
    expect(code).toBe(2)
    expect(stderr).toBe(
      'Invalid configuration:\n  - auth.sessions is in shared and in unreachable: remove it from one of them\n',
    )
    const spelled = flags.with(-1, 'auth."sessions"')
    expect((await rowhouse(['init', ...spelled], { cwd: project.folder })).code).toBe(2)
  })
})

test('a view of the schema that the migrations do not create is a difference', async () => {
  using project = createProject({ 'schema.ts': schema })
  const views = await readViews(await loadRowhouseConfig({ schema: 'schema.ts' }, project.folder))
  const connection = openConnection({ url: (await createBareDatabase()).ownerUrl })
  closeAfterwards(connection)
  for (const view of ['view all_notes', 'view known', 'view "user"', 'materialized view totals'])
    await connection.command(`create ${view} as select 1`)
  expect(await compareViews(connection, views)).toMatchObject([
    { check: 'schema-differs', object: 'public.open_notes' },
  ])
})
