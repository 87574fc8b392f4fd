import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { planInit } from '../../../src/cli/commands/init.ts'
import { loadRowhouseConfig } from '../../../src/cli/config.ts'
import { starterFiles } from '../../../src/cli/init/starter.ts'
import { createProject, rowhouse } from '../run.ts'

const root = join(import.meta.dir, '../../..')
const broken = await Bun.file(join(import.meta.dir, '../foreign/broken.ts')).text()
const notes = `import { pgTable, primaryKey } from 'drizzle-orm/pg-core'
import { tenantColumns } from '${root}/src/context/index.ts'
export const notes = pgTable('notes', tenantColumns(), (t) => [primaryKey({ columns: [t.tenantId, t.id] })])`

const custom = `import { pgTable, primaryKey, uuid } from 'drizzle-orm/pg-core'
const columns = { orgId: uuid('org_id').notNull(), id: uuid('id').notNull() }
export const notes = pgTable('notes', columns, (t) => [primaryKey({ columns: [t.orgId, t.id] })])`

const contents = (folder: string) =>
  Object.fromEntries(
    readdirSync(join(folder, 'sql')).map((name) => [name, readFileSync(join(folder, 'sql', name), 'utf8')]),
  )

describe('rowhouse init', () => {
  test("generates this repository's sql/40-protected-tables.sql", async () => {
    const { files, findings } = await planInit(await loadRowhouseConfig({}, root))
    expect(files.filter(({ state }) => state !== 'same')).toEqual([])
    expect(files.at(-1)?.text).toBe(readFileSync(join(root, 'sql/40-protected-tables.sql'), 'utf8'))
    expect(findings).toEqual([])
  })

  test('writes the same files when it runs again, and reports them as up to date', async () => {
    using project = createProject({ 'db/schema/index.ts': notes })
    const first = await rowhouse(['init'], { cwd: project.folder })
    expect(first).toMatchObject({ code: 0, stderr: '' })
    const before = contents(project.folder)
    expect(before['40-protected-tables.sql']).toContain(`select tenancy.protect('public.notes');`)
    const second = await rowhouse(['init'], { cwd: project.folder })
    expect(second.stdout).toStartWith('sql/10-roles.sql is up to date\n')
    expect(second.stdout).not.toContain('Next steps')
    expect(contents(project.folder)).toEqual(before)
  })

  test('prints the changes with --dry-run, and writes nothing', async () => {
    using project = createProject({ 'db/schema/index.ts': notes })
    const { code, stdout } = await rowhouse(['init', '--dry-run'], { cwd: project.folder })
    expect(code).toBe(0)
    expect(stdout).toContain('sql/40-protected-tables.sql would be written\n')
    expect(stdout).toContain(`\n+select tenancy.protect('public.notes');\n`)
    expect(stdout).not.toContain('Next steps')
    expect(readdirSync(project.folder)).not.toContain('sql')
  })

  test('updates its own file when the schema has changed', async () => {
    using project = createProject({
      'db/schema/index.ts': notes,
      'db/schema/more.ts': notes.replaceAll('notes', 'bills'),
    })
    await rowhouse(['init'], { cwd: project.folder })
    const { stdout } = await rowhouse(['init', '--dry-run', '--schema', 'db/schema/more.ts'], { cwd: project.folder })
    expect(stdout).toContain('sql/40-protected-tables.sql would be updated\n')
    expect(stdout).toContain(`\n-select tenancy.protect('public.notes');\n`)
    expect(stdout).toContain(`\n+select tenancy.protect('public.bills');\n`)
  })

  test('never overwrites a file that somebody edited or wrote', async () => {
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

  test('prints the next steps, with the paths and the name of a table of the project', async () => {
    using project = createProject({ 'src/tables.ts': custom })
    const flags = ['--schema', 'src/tables.ts', '--tenant-column', 'org_id', '--shared', 'public.notes']
    const { stdout } = await rowhouse(['init', ...flags], { cwd: project.folder })
    expect([...stdout.matchAll(/^\d\. (\w+)/gm)].map(([step]) => step)).toEqual([
      '1. Save',
      '2. Make',
      '3. Generate',
      '4. Check',
      '5. Create',
      '6. Check',
      '7. Run',
      '8. Use',
    ])
    expect(stdout).toContain("schema: './src/tables.ts',")
    expect(stdout).toContain(
      'bunx drizzle-kit generate --dialect postgresql --schema ./src/tables.ts --out ./drizzle\n',
    )
    expect(stdout).toContain(`import { notes } from './src/tables.ts'`)
    expect(stdout).toContain(
      "createIsolationCheck({ url, tenantColumn: 'org_id', shared: ['public.notes'] }).inspect()",
    )
    expect(stdout).toContain('tenant({ from: claim(), auth })')
  })

  test('names the claim with the tenant in the code of the service', async () => {
    using project = createProject({ 'src/tables.ts': custom })
    const { stdout } = await rowhouse(['init', '--schema', 'src/tables.ts'], { cwd: project.folder })
    expect(stdout).toContain("tenants: 'tenant_id', // the claim with the id of the caller's tenant, such as org_id")
  })

  test('prints the drizzle-kit command of a project that configures it', async () => {
    using project = createProject({ 'db/schema/index.ts': notes, 'drizzle.config.ts': '' })
    const { stdout } = await rowhouse(['init'], { cwd: project.folder })
    expect(stdout).toContain('  bunx drizzle-kit generate\n')
    expect(stdout).not.toContain('rowhouse.config.ts')
  })

  test.each(['dependencies', 'devDependencies'])(
    'prints how drizzle-kit is installed, except where it is one of the %s',
    async (field) => {
      const install = 'bun add --save-dev drizzle-kit'
      using without = createProject({ 'db/schema/index.ts': notes })
      using project = createProject({
        'db/schema/index.ts': notes,
        'package.json': JSON.stringify({ [field]: { 'drizzle-kit': '^0.31.0' } }),
      })
      expect((await rowhouse(['init'], { cwd: without.folder })).stdout).toContain(install)
      expect((await rowhouse(['init'], { cwd: project.folder })).stdout).not.toContain(install)
    },
  )

  test('passes the casing to the code that it writes and prints', async () => {
    using project = createProject({ 'db/schema/index.ts': notes })
    const { stdout } = await rowhouse(['init', '--casing', 'snake_case'], { cwd: project.folder })
    expect(stdout).toContain("    casing: 'snake_case',\n")
    expect(stdout).toContain('--casing snake_case')
    const database = "size: 10 }), casing: 'snake_case' })"
    expect(stdout).toContain(database)
    const test = readFileSync(join(project.folder, 'test/isolation.test.ts'), 'utf8')
    expect(test).toContain(database.replace('10', '4'))
  })

  test("leaves a test of the user's that has the usual name", async () => {
    using project = createProject({ 'db/schema/index.ts': notes, 'test/isolation.test.ts': '// mine' })
    const { code, stdout } = await rowhouse(['init'], { cwd: project.folder })
    expect([code, stdout.includes('bun test test/tenant-isolation.test.ts')]).toEqual([0, true])
    expect(readFileSync(join(project.folder, 'test/isolation.test.ts'), 'utf8')).toBe('// mine')
    expect(readdirSync(join(project.folder, 'test'))).toContain('tenant-isolation.test.ts')
  })

  test('begins with a module in the folder that the configuration names', async () => {
    using project = createProject({ 'rowhouse.config.ts': "export default { schema: './src/db/schema' }" })
    const { code } = await rowhouse(['init', '--dry-run'], { cwd: project.folder })
    expect(code).toBe(0)
    const [first] = await starterFiles(await loadRowhouseConfig({}, project.folder))
    expect(first?.path).toBe(join(project.folder, 'src/db/schema/index.ts'))
  })

  test('says to write a schema where the project has code but no schema', async () => {
    using project = createProject({ 'src/app.ts': '' })
    const { code, stderr } = await rowhouse(['init'], { cwd: project.folder })
    expect([code, stderr.includes('write a module of Drizzle tables there')]).toEqual([2, true])
  })

  test('writes a drizzle.config.ts that needs no package', async () => {
    using project = createProject({})
    await rowhouse(['init'], { cwd: project.folder })
    expect(readFileSync(join(project.folder, 'drizzle.config.ts'), 'utf8')).not.toContain('import')
  })

  test('prints no next steps after errors', async () => {
    using project = createProject({ 'schema.ts': broken })
    const { code, stdout } = await rowhouse(['init', '--schema', 'schema.ts'], { cwd: project.folder })
    expect([code, stdout.includes('Next steps')]).toEqual([1, false])
  })

  test('warns about a shared name that does not exist', async () => {
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

  test('reports each problem of the schema with the Drizzle lines that fix it', async () => {
    using project = createProject({ 'schema.ts': broken })
    const { findings } = await planInit(await loadRowhouseConfig({ schema: 'schema.ts' }, project.folder))
    expect(findings.map(({ object, check, problem, remedy }) => [object, check, problem, remedy])).toEqual([
      ['public.houses', 'tenant-type', 'its tenant column is integer, not uuid', tenantLine],
      ['public.houses', 'key-without-tenant', 'primary key (id, tenant_id) does not begin with tenant_id', keyLine],
      [
        'public.houses',
        'foreign-key-without-tenant',
        'foreign key houses_owner_id_owners_id_fk leaves the tenant out',
        'foreignKey({ columns: [t.tenantId, t.ownerId], foreignColumns: [owners.tenantId, owners.id] }),',
      ],
      [
        'public.houses',
        'foreign-key-resets-tenant',
        'foreign key houses_former would also set null the tenant column',
        "Remove onDelete and onUpdate, or set them to 'cascade' or 'restrict'.",
      ],
      ['public.owners', 'tenant-not-null', 'its tenant column may be null', tenantLine],
      ['public.owners', 'key-without-tenant', 'primary key (id) does not begin with tenant_id', keyLine],
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
        'its serial number needs a sequence that the serving role may not use: an insert fails',
        "number: uuid('number').notNull().default(sql`tenancy.uuid_v7()`),",
      ],
      [
        'public.owners',
        'identity-column',
        'its column place numbers the rows of all tenants in one sequence: the numbers show how much the others write',
        "place: uuid('place').notNull().default(sql`tenancy.uuid_v7()`),",
      ],
      [
        'public.visits',
        'no-tenant-column',
        'it has no column tenant_id, and is neither shared nor unreachable: the serving role cannot read it',
        '...tenantColumns(), or, in rowhouse.config.ts, shared: ["public.visits"], if all tenants may read it, unreachable: ["public.visits"], if none may',
      ],
      [
        'public.visits',
        'foreign-key-without-tenant',
        'foreign key visits_owner_id_owners_id_fk leaves the tenant out',
        'Add a tenant column to public.visits: a table without one cannot refer to rows of a tenant.',
      ],
    ])
  })
})

const tenantLine = "tenantId: uuid('tenant_id').notNull().default(sql`tenancy.current_tenant_id()`),"
const keyLine = 'primaryKey({ columns: [t.tenantId, t.id] }),'

describe('rowhouse init rejects', () => {
  const noTables = 's.ts exports no Drizzle table: write "export const …", or name another module with --schema\n'
  const cases: [string, Record<string, string>, string[], string][] = [
    ['a project without a schema', { 'src/app.ts': '' }, [], 'db/schema/index.ts does not exist: name the module'],
    ['a module without tables', { 's.ts': 'export {}' }, ['--schema', 's.ts'], noTables],
    ['a module that throws', { 's.ts': 'throw new Error("Oh")' }, ['--schema', 's.ts'], 's.ts cannot be loaded: Oh'],
    ['an unknown option', {}, ['--dryrun'], "error: unknown option '--dryrun'"],
    [
      'an invalid configuration',
      { 'rowhouse.config.ts': 'export default { shared: ["countries"] }' },
      [],
      'Invalid configuration:\n  - shared.0: "countries" must be schema.name',
    ],
    [
      'an invalid flag',
      { 'rowhouse.config.ts': 'export default { shared: ["public.countries"] }' },
      ['--shared', 'countries'],
      'Invalid configuration:\n  - --shared: "countries" must be schema.name',
    ],
    [
      'an empty flag',
      {},
      ['--tenant-column', '', '--sql', ''],
      'Invalid configuration:\n  - --tenant-column: must have 1 to 63 characters\n  - --sql: must not be empty\n',
    ],
    [
      'an unknown field',
      { 'rowhouse.config.ts': 'export default { tenant: "org_id" }' },
      [],
      'Invalid configuration:\n  - Unrecognized key: "tenant"\n',
    ],
    [
      'a configuration without a default export',
      { 'rowhouse.config.ts': 'export const config = {}' },
      [],
      'rowhouse.config.ts must have a default export',
    ],
    [
      'a configuration that throws',
      { 'rowhouse.config.ts': 'export default {}; throw new Error("Oh")' },
      [],
      'rowhouse.config.ts cannot be loaded: Oh',
    ],
  ]
  test.each(cases)('%s in one message', async (_, files, flags, message) => {
    using project = createProject(files)
    const { code, stdout, stderr } = await rowhouse(['init', ...flags], { cwd: project.folder })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toStartWith(message)
    expect(stderr).not.toContain('    at ')
  })
})
