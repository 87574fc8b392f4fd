import { afterAll, describe, expect, test } from 'bun:test'
import { planInit } from '../../../src/cli/commands/init.ts'
import { loadRowhouseConfig } from '../../../src/cli/config.ts'
import { compareSchema } from '../../../src/cli/schema/compare-schema.ts'
import { readSchema } from '../../../src/cli/schema/read-schema.ts'
import { openConnection } from '../../../src/database/index.ts'
import { createBareDatabase } from '../../database.ts'
import { createProject, rowhouse } from '../run.ts'

// No column has a name of its own but one.
const schema = `import { sql } from 'drizzle-orm'
import { foreignKey, pgTable, primaryKey, text, unique, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
const keys = () => ({ orgId: uuid().notNull(), personId: uuid().notNull() })
export const people = pgTable('people', { ...keys(), nickName: text(), firstName: text('givenName').unique() }, (t) => [
  primaryKey({ columns: [t.orgId, t.personId] }),
  uniqueIndex().on(t.orgId, sql\`lower(\${t.nickName})\`).where(sql\`\${t.nickName} <> ''\`),
  unique().on(t.orgId, t.firstName),
])
export const bills = pgTable('bills', { ...keys(), paidBy: uuid().notNull() }, (t) => [
  primaryKey({ columns: [t.orgId, t.personId] }),
  foreignKey({ columns: [t.orgId, t.paidBy], foreignColumns: [people.orgId, people.personId] }),
])`
const migrated = `
create table people (org_id uuid not null, person_id uuid not null, nick_name text, "givenName" text unique,
  primary key (org_id, person_id), unique (org_id, "givenName"));
create unique index on people (org_id, lower(nick_name)) where nick_name <> '';
create table bills (org_id uuid not null, person_id uuid not null, paid_by uuid not null,
  primary key (org_id, person_id), foreign key (org_id, paid_by) references people (org_id, person_id))`
const config = "export default { schema: './schema.ts', tenantColumn: 'org_id', casing: 'snake_case' }"

const project = createProject({ 'schema.ts': schema, 'rowhouse.config.ts': config })
const options = await loadRowhouseConfig({}, project.folder)
const database = await createBareDatabase()
const connection = openConnection({ url: database.ownerUrl })
await connection.command(migrated)
afterAll(async () => {
  await connection.close()
  project[Symbol.dispose]()
})

describe('a schema whose columns are named by casing', () => {
  test('matches the database that has these names', async () => {
    const tables = await readSchema(options)
    await connection.command('begin')
    const findings = await compareSchema(connection, tables, []).finally(() => connection.command('rollback'))
    expect(findings).toEqual([])
  })

  test('is protected and indexed by these names', async () => {
    const { files, findings } = await planInit(options)
    const sql = files.find(({ path }) => path.endsWith('40-protected-tables.sql'))?.text
    expect(sql).toContain(`select tenancy.protect('public.people', 'org_id')`)
    expect(sql).toContain('on "public"."bills" ("org_id", "paid_by")')
    const remedy = 'unique().on(t.orgId, t.firstName),' // in the code they have other names
    expect(findings).toMatchObject([{ problem: 'unique key (givenName) does not begin with org_id', remedy }])
  })

  test('is read by a flag too', async () => {
    using without = createProject({ 'schema.ts': schema })
    const flags = ['--schema', 'schema.ts', '--tenant-column', 'org_id', '--dry-run']
    const { stdout } = await rowhouse(['init', ...flags, '--casing', 'snake_case'], { cwd: without.folder })
    expect(stdout).toContain(`select tenancy.protect('public.people', 'org_id')`)
  })

  test('must be named with one of the two casings', async () => {
    const { code, stderr } = await rowhouse(['check', '--casing', 'kebab-case'], { cwd: project.folder })
    expect(code).toBe(2)
    expect(stderr).toContain('--casing')
  })
})
