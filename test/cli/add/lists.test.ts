import { expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createProject, rowhouse } from '../run.ts'

// Another tenant column, so that the new table imports no kit: this repository has not installed it.
const config = "export default { tenantColumn: 'org_id' }"
const schema = `import { customType, pgTable, primaryKey, text, timestamp, uuid, varchar } from 'drizzle-orm/pg-core'
const citext = customType<{ data: string }>({ dataType: () => 'citext' })
const own = { orgId: uuid('org_id').notNull(), id: uuid('id').notNull() }
export const users = pgTable('users', { ...own, email: citext('email').notNull(), name: varchar('name', { length: 50 }).notNull(), state: text('state').notNull(),
  updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull() }, (t) => [primaryKey({ columns: [t.orgId, t.id] })])
export const logs = pgTable('logs', { ...own, updatedAt: timestamp('updated_at', { withTimezone: true }).notNull() },
  (t) => [primaryKey({ columns: [t.orgId, t.id] })])
`

const newProject = () => createProject({ 'db/schema/index.ts': schema, 'rowhouse.config.ts': config })

/** Adds a resource, and returns how its list is declared and the indexes of its table. */
async function add(...parameters: [table: string, ...string[]]) {
  using project = newProject()
  const { code, stderr } = await rowhouse(['add', ...parameters], { cwd: project.folder })
  expect([code, stderr]).toEqual([0, ''])
  const textOf = (path: string) =>
    existsSync(join(project.folder, path)) ? readFileSync(join(project.folder, path), 'utf8') : ''
  const table = textOf(`db/schema/${parameters[0]}.ts`)
  return {
    pages: textOf(`src/features/${parameters[0]}/pages.ts`),
    indexes: [...table.matchAll(/index\('\w+'\)\.on\((.*)\),$/gm)].map(([, parts]) => parts),
  }
}

test('a list sorts by the moment of creation and by short texts, and has filters for texts, values and references', async () => {
  const { pages, indexes } = await add(
    'invoices',
    '--columns',
    'number:text, total:integer, kind:open|paid, userId:users?',
  )
  expect(pages).toEndWith(`
/** The list of a tenant's invoices. */
export const invoicePages = pages(invoices, {
  sort: ['createdAt', 'number'],
  default: '-createdAt',
  filters: {
    kind: oneOf(invoices.kind.enumValues),
    userId: equals(id()),
    created: between('createdAt'),
    number: prefix(),
  },
})
`)
  expect(indexes).toEqual([
    't.orgId, t.createdAt.desc().nullsFirst(), t.id.desc().nullsFirst()',
    't.orgId, sql`$'.concat('{t.number} collate "C"`, t.id'),
    't.orgId, t.userId',
  ])
})

test('a list sorts neither by a text that may be null nor by a long one, which no index serves', async () => {
  const { pages, indexes } = await add('notes', '--columns', 'name:text?, content:text(201), title:text(200)')
  expect(pages).toContain("sort: ['createdAt', 'title'],")
  expect(pages).toContain("filters: { created: between('createdAt'), title: prefix() },")
  expect(indexes.length).toBe(2)
})

test('a column with the name of a parameter of every list is no filter, and "created" may be one', async () => {
  const { pages } = await add('jobs', '--columns', 'sort:asc|desc, created:by_hand|by_mail')
  expect(pages).toContain('filters: { created: oneOf(jobs.created.enumValues), createdAt: between() },')
})

test('a table may have the name of a function that its list uses', async () => {
  const { pages } = await add('pages', '--columns', 'number:integer')
  expect(pages).toContain("import { pages as pagesTable } from '../../../db/schema/pages.ts'")
  expect(pages).toContain('export const pagePages = pages(pagesTable, {')
})

test('the list of an existing table sorts by no text that ignores the case', async () => {
  const { pages } = await add('users', '--columns', 'email:text, name:text, state:on|off')
  expect(pages).toContain("sort: ['createdAt', 'name'],")
  expect(pages).toContain("filters: { state: oneOf(['on', 'off']), created: between('createdAt'), name: prefix() },")
})

test('an app mounts cursors once, for all of its lists', async () => {
  using project = newProject()
  for (const table of ['invoices', 'notes']) await rowhouse(['add', table], { cwd: project.folder })
  const app = readFileSync(join(project.folder, 'src/app.ts'), 'utf8')
  expect(app.match(/\bcursors\b.*/g)).toEqual([
    "cursors } from 'rowhouse/lists'",
    'cursors of lists. Without ROWHOUSE_SECRET, a cursor is valid in this process alone: set it in production.',
    "cursors({ secret: process.env['ROWHOUSE_SECRET'] ?? crypto.randomUUID() }))",
  ])
})

test.each([
  [
    ['logs', '--columns', 'place:text'],
    'public.logs: rowVersion() needs a timestamp of precision 3 (got updated_at, whose type is timestamp with time zone)',
  ],
  [
    ['a'.repeat(38), '--columns', 'description:text'],
    `${'a'.repeat(38)}_org_id_description_id_idx is too long for PostgreSQL: choose shorter names`,
  ],
])('refuses %j and writes nothing', async (parameters, message) => {
  using project = newProject()
  const { code, stdout, stderr } = await rowhouse(['add', ...parameters], { cwd: project.folder })
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toStartWith(message)
  expect(['src', 'sql', 'test'].filter((path) => existsSync(join(project.folder, path)))).toEqual([])
})
