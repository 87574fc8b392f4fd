import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { planInit } from '../../../src/cli/commands/init.ts'
import { loadRowhouseConfig } from '../../../src/cli/config.ts'
import { createProject, rowhouse } from '../run.ts'

const root = join(import.meta.dir, '../../..')
const broken = await Bun.file(join(import.meta.dir, '../foreign/broken.ts')).text()
const notes = `import { pgTable, primaryKey } from 'drizzle-orm/pg-core'
import { tenantColumns } from '${root}/src/context/index.ts'
export const notes = pgTable('notes', tenantColumns(), (t) => [primaryKey({ columns: [t.tenantId, t.id] })])`

const contents = (folder: string) =>
  Object.fromEntries(
    readdirSync(join(folder, 'sql')).map((name) => [name, readFileSync(join(folder, 'sql', name), 'utf8')]),
  )

describe('rowhouse init', () => {
  test("would write exactly this repository's own sql/40-protected-tables.sql", async () => {
    const { files, findings } = await planInit(await loadRowhouseConfig({}, root))
    expect(files.filter(({ state }) => state !== 'same')).toEqual([])
    expect(files.at(-1)?.text).toBe(readFileSync(join(root, 'sql/40-protected-tables.sql'), 'utf8'))
    expect(findings).toEqual([])
  })

  test('writes the same files when it is run again, and says so', async () => {
    using project = createProject({ 'db/schema/index.ts': notes })
    const first = await rowhouse(['init'], { cwd: project.folder })
    expect(first).toMatchObject({ code: 0, stderr: '' })
    const before = contents(project.folder)
    expect(before['40-protected-tables.sql']).toContain(`select tenancy.protect('public.notes');`)
    const second = await rowhouse(['init'], { cwd: project.folder })
    expect(second.stdout).toStartWith('sql/10-roles.sql is right as it is\n')
    expect(contents(project.folder)).toEqual(before)
  })

  test('with --dry-run prints what it would write, and writes nothing', async () => {
    using project = createProject({ 'db/schema/index.ts': notes })
    const { code, stdout } = await rowhouse(['init', '--dry-run'], { cwd: project.folder })
    expect(code).toBe(0)
    expect(stdout).toContain('sql/40-protected-tables.sql would be written\n')
    expect(stdout).toContain(`\n+select tenancy.protect('public.notes');\n`)
    expect(readdirSync(project.folder)).not.toContain('sql')
  })

  test('brings its own file up to date when the schema has changed', async () => {
    using project = createProject({
      'db/schema/index.ts': notes,
      'db/schema/more.ts': notes.replaceAll('notes', 'bills'),
    })
    await rowhouse(['init'], { cwd: project.folder })
    const { stdout } = await rowhouse(['init', '--dry-run', '--schema', 'db/schema/more.ts'], { cwd: project.folder })
    expect(stdout).toContain('sql/40-protected-tables.sql would be brought up to date\n')
    expect(stdout).toContain(`\n-select tenancy.protect('public.notes');\n`)
    expect(stdout).toContain(`\n+select tenancy.protect('public.bills');\n`)
  })

  test('never overwrites a file that somebody edited, or that was never its own', async () => {
    using project = createProject({ 'db/schema/index.ts': notes, 'sql/20-tenancy.sql': '-- mine' })
    await rowhouse(['init'], { cwd: project.folder })
    const protectedTables = join(project.folder, 'sql/40-protected-tables.sql')
    writeFileSync(protectedTables, readFileSync(protectedTables, 'utf8').replace('public.notes', 'public.other'))
    const before = contents(project.folder)
    const { code, stdout } = await rowhouse(['init', '--json'], { cwd: project.folder })
    expect([code, contents(project.folder)]).toEqual([1, before])
    expect(JSON.parse(stdout).findings).toMatchObject([
      { level: 'error', check: 'edited-file', object: 'sql/20-tenancy.sql' },
      { level: 'error', check: 'edited-file', object: 'sql/40-protected-tables.sql' },
    ])
  })

  test('ends with the code that is left to write, for the tables that are there', async () => {
    using project = createProject({ 'src/tables.ts': notes })
    const { stdout } = await rowhouse(['init', '--schema', 'src/tables.ts'], { cwd: project.folder })
    expect(stdout).toContain(`schema: "./src/tables.ts",`)
    expect(stdout).toContain(`import { notes } from './src/tables.ts'`)
    expect(stdout).toContain('createTenantDatabase({ connections: createPool(')
  })

  test('warns of what is shared and is nowhere', async () => {
    const names = ['public.notes', 'public.note', 'public.nearest', 'public.arest', 'public."Seen"', '"odd.name".notes']
    using project = createProject({
      'schema.ts': notes,
      'sql/50-own.sql': 'create function public.nearest() returns int return 1; create view "Seen" as table notes',
    })
    const flags = { schema: 'schema.ts', shared: names }
    const { findings } = await planInit(await loadRowhouseConfig(flags, project.folder))
    expect(findings.map(({ level, check, object }) => [level, check, object])).toEqual([
      ['warning', 'unknown-shared', 'public.note'],
      ['warning', 'unknown-shared', 'public.arest'],
      ['warning', 'unknown-shared', '"odd.name".notes'],
    ])
  })

  test('names what only the schema can mend, with the Drizzle lines to write', async () => {
    using project = createProject({ 'schema.ts': broken })
    const { findings } = await planInit(await loadRowhouseConfig({ schema: 'schema.ts' }, project.folder))
    expect(findings.map(({ object, check, problem, remedy }) => [object, check, problem, remedy])).toEqual([
      ['public.houses', 'tenant-type', 'its tenant column is integer: tenants are told apart by a uuid only', tenantIs],
      ['public.houses', 'key-without-tenant', 'primary key (id, tenant_id) does not begin with tenant_id', keyIs],
      [
        'public.houses',
        'foreign-key-without-tenant',
        'foreign key houses_owner_id_owners_id_fk leaves the tenant out',
        'foreignKey({ columns: [t.tenantId, t.ownerId], foreignColumns: [owners.tenantId, owners.id] }),',
      ],
      [
        'public.houses',
        'foreign-key-resets-tenant',
        'foreign key houses_former would also set null the tenant',
        "Take its onDelete and onUpdate away, or make them 'cascade' or 'restrict'.",
      ],
      ['public.owners', 'tenant-not-null', 'its tenant column may be null', tenantIs],
      ['public.owners', 'key-without-tenant', 'primary key (id) does not begin with tenant_id', keyIs],
      [
        'public.owners',
        'key-without-tenant',
        'unique key (name, tenant_id) does not begin with tenant_id',
        'unique().on(t.tenantId, t.name),',
      ],
      [
        'public.owners',
        'key-without-tenant',
        'unique key (email) does not begin with tenant_id',
        'unique().on(t.tenantId, t.email),',
      ],
      [
        'public.owners',
        'key-without-tenant',
        'unique index owners_email_lower does not begin with tenant_id',
        "uniqueIndex('owners_email_lower').on(t.tenantId, sql`…`),",
      ],
      [
        'public.owners',
        'serial',
        'its serial number cannot be inserted by the serving role: all tenants move its sequence',
        "number: uuid('number').notNull().default(sql`tenancy.uuid_v7()`),",
      ],
      [
        'public.owners',
        'identity-column',
        'all tenants count on its identity place: from its own numbers a tenant reads how fast the others grow',
        "place: uuid('place').notNull().default(sql`tenancy.uuid_v7()`),",
      ],
      [
        'public.visits',
        'no-tenant-column',
        'it has no column tenant_id and is not named as shared: the serving role cannot reach it',
        '...tenantColumns(), or, in rowhouse.config.ts, shared: ["public.visits"],',
      ],
      [
        'public.visits',
        'foreign-key-without-tenant',
        'foreign key visits_owner_id_owners_id_fk leaves the tenant out',
        "Give public.visits a tenant column first: what belongs to nobody cannot refer to what is a tenant's.",
      ],
    ])
  })
})

const tenantIs = "tenantId: uuid('tenant_id').notNull().default(sql`tenancy.current_tenant_id()`),"
const keyIs = 'primaryKey({ columns: [t.tenantId, t.id] }),'

describe('rowhouse init cannot run', () => {
  const cases: [string, Record<string, string>, string[], string][] = [
    ['without a schema', {}, [], 'There is no db/schema/index.ts: name the module'],
    ['on a module without tables', { 's.ts': 'export {}' }, ['--schema', 's.ts'], 's.ts exports no Drizzle table'],
    ['on a module that fails', { 's.ts': 'throw new Error("Oh")' }, ['--schema', 's.ts'], 's.ts cannot be loaded: Oh'],
    ['with a wrong option', {}, ['--dryrun'], "error: unknown option '--dryrun'"],
    [
      'with a wrong configuration',
      { 'rowhouse.config.ts': 'export default { shared: ["countries"] }' },
      [],
      'The configuration is not right:\n  - shared.0: must be schema.name',
    ],
    [
      'with a field that does not exist',
      { 'rowhouse.config.ts': 'export default { tenant: "org_id" }' },
      [],
      'The configuration is not right:\n  - Unrecognized key: "tenant"\n',
    ],
    [
      'with a configuration that exports nothing',
      { 'rowhouse.config.ts': 'export const config = {}' },
      [],
      'rowhouse.config.ts must have a default export',
    ],
    [
      'with a configuration that fails',
      { 'rowhouse.config.ts': 'export default {}; throw new Error("Oh")' },
      [],
      'rowhouse.config.ts cannot be loaded: Oh',
    ],
  ]
  test.each(cases)('%s, and says why in one message', async (_, files, flags, message) => {
    using project = createProject(files)
    const { code, stdout, stderr } = await rowhouse(['init', ...flags], { cwd: project.folder })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toStartWith(message)
    expect(stderr).not.toContain('    at ')
  })
})
