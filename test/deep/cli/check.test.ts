import { describe, expect, test } from 'bun:test'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadRowhouseConfig } from '../../../src/cli/config.ts'
import { checkProject } from '../../../src/cli/schema/check-project.ts'
import { createBareDatabase } from '../../database.ts'
import { foreign } from '../../cli/foreign/project.ts'
import { createProject, rowhouse } from '../../cli/run.ts'

/** A changed copy of the foreign project: `using project = copy({ 'sql/40-protected-tables.sql': (text) => … })`. */
function copy(changes: Record<string, (text: string) => string>): Disposable & { folder: string } {
  const project = createProject({})
  for (const part of ['schema.ts', 'rowhouse.config.ts', 'sql', 'drizzle'])
    cpSync(join(foreign.folder, part), join(project.folder, part), { recursive: true })
  for (const [path, change] of Object.entries(changes)) {
    const file = join(project.folder, path)
    writeFileSync(file, change(readFileSync(file, 'utf8')))
  }
  return project
}

/** The findings of the check on the test server, which is faster than a database in memory. */
async function findingsOf(changes: Record<string, (text: string) => string>): Promise<string[]> {
  using project = copy(changes)
  const { ownerUrl } = await createBareDatabase()
  const findings = await checkProject(await loadRowhouseConfig({}, project.folder), ownerUrl)
  // The project has two identity columns, to cover their types.
  const others = findings.filter(({ check }) => check !== 'identity-column')
  return others.map(({ check, object }) => `${check} ${object}`)
}

describe('rowhouse check', () => {
  test('finds nothing in this repository, without a server, and writes no colours to a pipe', async () => {
    const { code, stdout, stderr } = await rowhouse(['check', '--strict'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^0 errors, 0 warnings: db\/schema\/index\.ts, inspected in \d+ ms\n$/)
  }, 30_000)

  test('reports a difference without a server, and exits with 1', async () => {
    using project = copy({
      'schema.ts': (text) => text.replace("nick: text('nick')", "nick: varchar('nick', { length: 9 })"),
      'drizzle/0000_all.sql': (text) => `create extension citext;--> statement-breakpoint\n${text}`,
    })
    const { code, stdout } = await rowhouse(['check', '--json'], { cwd: project.folder })
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      subject: 'schema.ts',
      summary: { errors: 1, warnings: 2 },
      findings: [
        {
          check: 'schema-differs',
          object: 'crm.members',
          problem: 'column nick is character varying(9) in the schema and text in the database',
        },
        { check: 'identity-column', object: '"weird.name"."Order"' },
        { check: 'identity-column', object: '"weird.name"."Order"' },
      ],
    })
  }, 30_000)

  test('finds nothing in a project of many types and schemas', async () => {
    expect(await findingsOf({})).toEqual([])
  })

  test('reports a table with a tenant column and without row-level security', async () => {
    const findings = await findingsOf({
      'sql/40-protected-tables.sql': (text) => text.replace(/select .*members.*;/, 'select 1;'),
    })
    expect(findings).toContain('row-security-enabled crm.members')
  })

  test('reports a policy with another text', async () => {
    const open = '\n--> statement-breakpoint\nalter policy tenant_isolation on crm.members using (true)'
    const findings = await findingsOf({ 'sql/40-protected-tables.sql': (text) => text + open })
    expect(findings.filter((finding) => !finding.endsWith(' crm.members'))).toEqual([])
    expect(findings.length).toBeGreaterThan(0)
  })

  test('reports that the database reads another setting than the kit writes', async () => {
    const findings = await findingsOf({
      'sql/20-tenancy.sql': (text) => text.replace('app.current_tenant', 'app.tenant'),
    })
    expect(findings).toContain('tenant-setting tenancy.current_tenant_id()')
  })

  test('reports a shared name that is no table, view or function', async () => {
    const seen = `create view public.seen with (security_invoker) as select 1;
      create function "weird.name"."Size"() returns int immutable language sql as 'select 1';`
    const shared = `shared: ['crm.typo', 'public.seen', '"weird.name"."Size"', 'weird.name', `
    const findings = await findingsOf({
      'rowhouse.config.ts': (text) => text.replace('shared: [', shared),
      'sql/40-protected-tables.sql': (text) => `${text};${seen}`,
    })
    expect(findings).toEqual(['unknown-shared crm.typo', 'unknown-shared weird.name'])
  })

  test('rejects a project whose SQL fails, and names the file', async () => {
    using project = copy({ 'sql/40-protected-tables.sql': (text) => text.replace('crm.members', 'crm.missing') })
    const { ownerUrl } = await createBareDatabase()
    const check = checkProject(await loadRowhouseConfig({}, project.folder), ownerUrl)
    await expect(check).rejects.toThrow(
      /^sql\/40-protected-tables\.sql, statement 3: relation "crm\.missing" does not exist/,
    )
  })

  describe('sees a migration as a database does that has the ones before it', () => {
    /** The check of the project with further migrations, by name. */
    async function checkWith(added: Record<string, string>): Promise<unknown> {
      using project = copy({
        'drizzle/meta/_journal.json': (text) => {
          const journal = JSON.parse(text)
          for (const tag of Object.keys(added)) journal.entries.push({ tag, when: journal.entries.at(-1).when + 1 })
          return JSON.stringify(journal)
        },
      })
      for (const [tag, text] of Object.entries(added)) writeFileSync(join(project.folder, `drizzle/${tag}.sql`), text)
      const { ownerUrl } = await createBareDatabase()
      return await checkProject(await loadRowhouseConfig({}, project.folder), ownerUrl).catch((error: Error) => error)
    }
    const type = `create type phase as enum ('one')`
    const add = `alter type phase add value 'two'`
    const use = `do $$ begin perform 'two'::phase; end $$`
    const step = '\n--> statement-breakpoint\n'
    const comment = '-- rowhouse: no transaction\n'

    test.each([
      ['in the file that adds it', { '0001_type': type, '0002_two': `${add}${step}${use}` }, '0002_two'],
      [
        'in a later file',
        { '0001_type': type, '0002_two': add, '0003_three': 'select 1', '0004_use': use },
        '0004_use',
      ],
    ])('and rejects the use of a new enum value %s', async (_, added, file) => {
      expect(String(await checkWith(added))).toMatch(
        new RegExp(`drizzle/${file}\\.sql, statement \\d: unsafe use of new value[^]*"-- rowhouse: no transaction"`),
      )
    })

    test.each([
      [
        'whose file runs outside of a transaction',
        { '0001_type': type, '0002_two': `${comment}${add}${step}${use}`, '0003_use': use },
      ],
      ['whose type is new too', { '0001_two': `${type}${step}${add}${step}${use}` }],
      ['that nothing uses', { '0001_type': type, '0002_two': add, '0003_more': 'create type later as enum ()' }],
    ])('and accepts a new enum value %s', async (_, added) => {
      expect(await checkWith(added)).toEqual(expect.any(Array))
    })
  })

  test('runs a migration outside of a transaction, without a server', async () => {
    using project = copy({
      'drizzle/meta/_journal.json': (text) => {
        const journal = JSON.parse(text)
        journal.entries.push({ tag: '0001_index', when: journal.entries[0].when + 1 })
        return JSON.stringify(journal)
      },
    })
    const index = 'create index concurrently on crm.members ("Org Id", nick)'
    writeFileSync(join(project.folder, 'drizzle/0001_index.sql'), `-- rowhouse: no transaction\n${index}`)
    const { code, stderr } = await rowhouse(['check'], { cwd: project.folder })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  }, 30_000)

  test('reports a schema without a tenant table, with a remedy that needs no server', async () => {
    using project = copy({ 'rowhouse.config.ts': (text) => text.replace('Org Id', 'org') })
    const { ownerUrl } = await createBareDatabase()
    const findings = await checkProject(await loadRowhouseConfig({}, project.folder), ownerUrl)
    const { remedy } = findings.find(({ check }) => check === 'no-table') ?? {}
    expect(remedy).toStartWith('Add the tenant column to the tables of the schema, or name another one')
  })

  test.each<[string, string[], Record<string, (text: string) => string>]>([
    ['a flag', ['--migrations', 'nope'], {}],
    ['the configuration', [], { 'rowhouse.config.ts': (text) => text.replace('{', "{ migrations: './nope',") }],
  ])('rejects a folder of migrations that %s names and that does not exist', async (_, flags, changes) => {
    using project = copy(changes)
    expect(await rowhouse(['check', ...flags], { cwd: project.folder })).toEqual({
      code: 2,
      stdout: '',
      stderr: 'The folder nope does not exist: "bunx drizzle-kit generate" writes it.\n',
    })
  })

  test('rejects a project without the SQL of rowhouse init in one message', async () => {
    using project = copy({})
    rmSync(join(project.folder, 'sql'), { recursive: true })
    const { ownerUrl } = await createBareDatabase()
    const check = checkProject(await loadRowhouseConfig({}, project.folder), ownerUrl)
    await expect(check).rejects.toThrow('"rowhouse init" writes it')
  })
})
