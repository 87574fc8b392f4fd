import { describe, expect, test } from 'bun:test'
import type { Log } from 'sarif'
import { planInit } from '../../../src/cli/commands/init.ts'
import { loadRowhouseConfig } from '../../../src/cli/config.ts'
import { inOneLine } from '../../../src/cli/output/sql-text.ts'
import { assertRowSecurity, createIsolationCheck } from '../../../src/isolation/index.ts'
import { describeStartProblem } from '../../../src/service/start-problem.ts'
import { createProject, rowhouse } from '../../cli/run.ts'
import { asOwner, createDatabase } from '../../database.ts'
import { newTenant } from '../../tenants.ts'

const drop = 'drop table canary; --'
const names = [
  `a\n;${drop}`,
  `b$$; end $$;${drop}`,
  `c--> statement-breakpoint\n${drop}`,
  `it's "d" \\ é 😀 $$`,
  'e\u2028\u0085e',
]
const escapes = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

/** A schema whose tables and columns have these names. Its second column has no default, and a foreign key without an index. */
const schemaOf = (tables: string[]) => `import { foreignKey, pgTable, primaryKey, uuid } from 'drizzle-orm/pg-core'
${tables
  .map((name, n) => {
    const [table, column] = [JSON.stringify(name), JSON.stringify(`${name}'`)]
    return `export const t${n} = pgTable(${table}, { tenantId: uuid('tenant_id').notNull(), id: uuid('id').notNull(), other: uuid(${column}) },
      (t) => [primaryKey({ columns: [t.tenantId, t.id] }),
        foreignKey({ name: 'fk${n}', columns: [t.tenantId, t.other], foreignColumns: [t.tenantId, t.id] })])`
  })
  .join('\n')}`

async function writtenSql(tables: string[]): Promise<string> {
  using project = createProject({ 'schema.ts': schemaOf(tables) })
  const { files } = await planInit(await loadRowhouseConfig({ schema: 'schema.ts' }, project.folder))
  return files.at(-1)?.text ?? ''
}

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`

describe('the SQL that init writes', () => {
  test.each(names)('protects a table named %j, and runs nothing of its name', async (name) => {
    const owner = asOwner(await createDatabase())
    await owner.unsafe(`create table canary ();
      create table ${quote(name)} (tenant_id uuid not null, id uuid not null, ${quote(`${name}'`)} uuid, primary key (tenant_id, id))`)
    for (const statement of (await writtenSql([name])).split('--> statement-breakpoint')) await owner.unsafe(statement)
    const [table] = await owner`
      select relforcerowsecurity as forced, to_regclass('canary') is not null as canary,
        (select count(*)::int from pg_index where indrelid = c.oid) as indexes
      from pg_class c where relname = ${name}`
    expect(table).toEqual({ forced: true, canary: true, indexes: 2 })
  })

  test('has no control character but the ends of its lines', async () => {
    expect((await writtenSql(names)).replaceAll('\n', '')).not.toMatch(escapes)
  })
})

describe('no command prints a control character', () => {
  const hostile = '\u001b[2J\u009b2J\r\u202eforged\n error'
  const isClean = (text: string) => expect(text.replaceAll('\n', '')).not.toMatch(escapes)

  test.each([[[]], [['--json']]])('tenant list %j', async (flags) => {
    const database = await createDatabase()
    await asOwner(database)`insert into tenancy.tenants (slug, name) values (${'acme'}, ${hostile})`
    const { code, stdout } = await rowhouse(['tenant', 'list', ...flags], {
      env: { DATABASE_OWNER_URL: database.ownerUrl },
    })
    expect(code).toBe(0)
    isClean(stdout)
    if (flags.length > 0) expect(JSON.parse(stdout)[0].name).toBe(hostile)
    else expect(stdout.split('\n')).toHaveLength(2)
  })

  test('tenant suspend, with its log', async () => {
    const database = await createDatabase()
    await asOwner(database)`insert into tenancy.tenants (id, slug, name) values (${newTenant()}, ${'acme'}, 'Acme')`
    const env = { DATABASE_OWNER_URL: database.ownerUrl }
    const { code, stdout, stderr } = await rowhouse(['tenant', 'suspend', 'acme', '--reason', hostile], { env })
    expect(code).toBe(0)
    isClean(stdout + stderr)
  })

  test.each(['text', 'json', 'sarif'])('doctor --format %s', async (format) => {
    const database = await createDatabase()
    await asOwner(database).unsafe(`create table ${quote(hostile)} (tenant_id uuid)`)
    isClean((await rowhouse(['doctor', '--format', format], { env: { DATABASE_URL: database.appUrl } })).stdout)
  })

  test.each([[['init', '--dry-run']], [['init', '--dry-run', '--json']], [['init']]])('%j', async (parameters) => {
    using project = createProject({ 'schema.ts': schemaOf([hostile]) })
    const { stdout, stderr } = await rowhouse([...parameters, '--schema', 'schema.ts'], { cwd: project.folder })
    isClean(stdout + stderr)
  })

  test('an unknown argument', async () => {
    const { code, stderr } = await rowhouse([hostile])
    expect(code).toBe(2)
    isClean(stderr)
  })

  test('a message of a start that failed', async () => {
    const database = await createDatabase()
    await asOwner(database).unsafe(`create table ${quote(hostile)} (tenant_id uuid)`)
    const isolation = createIsolationCheck({ url: database.appUrl })
    const findings = await isolation.inspect().finally(() => isolation.close())
    expect(() => assertRowSecurity(findings)).toThrow(/public\."\\x1b\[2J/)
    isClean(describeStartProblem(new Error(hostile)))
  })
})

test('a printed statement with a control character in a name names the same object', async () => {
  const owner = asOwner(await createDatabase())
  const name = 'odd "table"\n\u001b \\ $$'
  await owner.unsafe(`create table ${quote(name)} (id int)`)
  const statement = inOneLine(`alter table public.${quote(name)} add unique (id);`)
  expect(statement).not.toMatch(escapes)
  await owner.unsafe(statement)
})

test('a message in SARIF has no link of a name', async () => {
  const database = await createDatabase()
  await asOwner(database).unsafe('create table "[click](https://evil.example)" (tenant_id uuid)')
  const { stdout } = await rowhouse(['doctor', '--format', 'sarif'], { env: { DATABASE_URL: database.appUrl } })
  const texts = (JSON.parse(stdout) as Log).runs.flatMap(({ results = [] }) =>
    results.map(({ message }) => message.text),
  ) // made by code of the same type
  expect(texts.filter((text) => text?.includes('evil')).length).toBeGreaterThan(0)
  for (const text of texts) expect(text?.replaceAll(/\\[[\]]/g, '')).not.toMatch(/\[.*\]\(/)
})
