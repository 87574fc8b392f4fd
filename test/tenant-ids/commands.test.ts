import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createProject, rowhouse } from '../cli/run.ts'
import { createBareDatabase } from '../database.ts'

const root = join(import.meta.dir, '../..')
const schemaOf = (tenantId: string) => `import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { tenantColumns } from '${root}/src/context/index.ts'
export const notes = pgTable('notes', { ...tenantColumns({ tenantId: '${tenantId}' }), text: text('text').notNull() }, (t) => [
  primaryKey({ columns: [t.tenantId, t.id] }),
]).enableRLS()
`
const config = (tenantId: string) => `export default { tenantId: '${tenantId}' }`
const columns = { text: 'text collate "C"', bigint: 'bigint' }

describe.each(['text', 'bigint'] as const)('a project with ids of type %s', (type) => {
  test('rowhouse init accepts columns of this type, and reports another one with the line to write', async () => {
    using right = createProject({ 'db/schema/index.ts': schemaOf(type), 'rowhouse.config.ts': config(type) })
    expect((await rowhouse(['init'], { cwd: right.folder })).code).toBe(0)
    using wrong = createProject({ 'db/schema/index.ts': schemaOf('uuid'), 'rowhouse.config.ts': config(type) })
    const { code, stdout } = await rowhouse(['init', '--json'], { cwd: wrong.folder })
    expect([code, JSON.parse(stdout).findings]).toMatchObject([
      1,
      [
        {
          check: 'tenant-type',
          problem: `its tenant column is uuid, not ${columns[type]}`,
          remedy: `...tenantColumns({ tenantId: '${type}' }),`,
        },
      ],
    ])
  })

  test('rowhouse upgrade finds nothing to change after rowhouse init', async () => {
    using project = createProject({ 'db/schema/index.ts': schemaOf(type), 'rowhouse.config.ts': config(type) })
    await rowhouse(['init'], { cwd: project.folder })
    expect(await rowhouse(['upgrade', '--check'], { cwd: project.folder })).toMatchObject({ code: 0, stderr: '' })
  })

  test('the isolation test and the code of the service name the type', async () => {
    using project = createProject({ 'db/schema/index.ts': schemaOf(type), 'rowhouse.config.ts': config(type) })
    const { stdout } = await rowhouse(['init'], { cwd: project.folder })
    expect(stdout).toContain(`createPool({ url, size: 10 }), tenantId: '${type}' })`)
    expect(stdout).toContain(`tenant({ from: claim(), tenantId: '${type}', auth })`)
    const isolation = readFileSync(join(project.folder, 'test/isolation.test.ts'), 'utf8')
    expect(isolation).toContain(`createPool({ url, size: 4 }), tenantId: '${type}' })`)
  })

  test('rowhouse init --tenant-from adds columns of this type, from columns whose values fit', async () => {
    const table = (
      id: string,
    ) => `import { bigint, boolean, integer, pgTable, text, uuid, varchar } from 'drizzle-orm/pg-core'
export const orders = pgTable('orders', { id: uuid('id').primaryKey(), orgId: ${id}.notNull() })`
    const fits = type === 'text' ? "varchar('org_id', { length: 40 })" : "integer('org_id')"
    using project = createProject({ 'db/schema/index.ts': table(fits), 'rowhouse.config.ts': config(type) })
    const init = ['init', '--tenant-from', 'orders.org_id']
    await rowhouse(init, { cwd: project.folder })
    expect(readFileSync(join(project.folder, 'drizzle/tenants.sql'), 'utf8')).toContain(
      `alter table "public"."orders" add column "tenant_id" ${columns[type]};`,
    )
    using other = createProject({ 'db/schema/index.ts': table("uuid('org_id')"), 'rowhouse.config.ts': config(type) })
    expect((await rowhouse(init, { cwd: other.folder })).stderr).toContain(
      `orders.org_id is uuid, and a tenant's id is a ${type}`,
    )
  })

  test('rowhouse migrate makes a database of this type, and refuses another one later with a sentence', async () => {
    const { ownerUrl } = await createBareDatabase()
    const migration = `create table notes (tenant_id ${columns[type]} not null default tenancy.current_tenant_id(), id uuid not null
      default tenancy.uuid_v7(), created_at timestamptz(3) not null default now(), updated_at timestamptz(3) not null default now(),
      text text not null, primary key (tenant_id, id));`
    const entry = { idx: 0, version: '7', when: 1, tag: '0000_notes', breakpoints: true }
    using project = createProject({
      'db/schema/index.ts': schemaOf(type),
      'rowhouse.config.ts': config(type),
      'drizzle/0000_notes.sql': migration,
      'drizzle/meta/_journal.json': JSON.stringify({ version: '7', dialect: 'postgresql', entries: [entry] }),
    })
    const surroundings = { cwd: project.folder, env: { DATABASE_OWNER_URL: ownerUrl } }
    await rowhouse(['init'], surroundings)
    expect((await rowhouse(['migrate'], surroundings)).stdout).toContain('Applied drizzle/0000_notes.sql.')
    expect(await rowhouse(['migrate', '--tenant-id', 'uuid'], surroundings)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`The tenant ids of this database are of type ${type}`),
    })
  })
})

test('an unknown type is refused, from the file and from the flag', async () => {
  using project = createProject({ 'db/schema/index.ts': schemaOf('uuid'), 'rowhouse.config.ts': config('int') })
  expect((await rowhouse(['init'], { cwd: project.folder })).stderr).toContain('tenantId: must be uuid, text or bigint')
  expect((await rowhouse(['init', '--tenant-id', 'int'], { cwd: project.folder })).stderr).toContain(
    'Allowed choices are uuid, text, bigint.',
  )
})
