import { describe, expect, test } from 'bun:test'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { withTenant } from '../../../src/context/index.ts'
import { assertRowSecurity, createIsolationCheck, type Finding, sqlVersion } from '../../../src/isolation/index.ts'
import { migrate } from '../../../src/migrate/index.ts'
import { rowhouse } from '../../cli/run.ts'
import { asOwner, createBareDatabase, open, type TestDatabase } from '../../database.ts'
import { copyOlderProject, olderVersions } from '../../migrate/older-projects.ts'
import { newTenant } from '../../tenants.ts'

const shared = ['public.countries']

/** The project of an older version, which a test may bring to the present one. */
async function createProject(version: number) {
  const project = await copyOlderProject(version)
  const database = await createBareDatabase()
  const { folder } = project
  const env = { DATABASE_OWNER_URL: database.ownerUrl, DATABASE_URL: database.appUrl }
  return {
    ...project,
    folder,
    database,
    run: (...command: string[]) => rowhouse(command, { cwd: folder, env }),
    /** Migrates the database with a folder of SQL files. */
    migrate: (sqlFolder = join(folder, 'sql'), signingSecrets: string[] = []) =>
      migrate({ url: database.ownerUrl, sql: sqlFolder, migrations: join(folder, 'drizzle'), shared, signingSecrets }),
    [Symbol.asyncDispose]: () => project[Symbol.asyncDispose](),
  }
}

/** What the start-up check of this release says, as `check: problem`. */
async function inspect({ appUrl: url }: TestDatabase): Promise<Finding[]> {
  const isolation = createIsolationCheck({ url, shared })
  const findings = await isolation.inspect().finally(() => isolation.close())
  return findings.filter(({ check }) => check !== 'server-release')
}
const problems = (findings: Finding[]) => findings.map(({ level, check, problem }) => `${level} ${check}: ${problem}`)

/** A row that one tenant writes, as both of two tenants read it. */
async function writeAndRead(database: TestDatabase): Promise<number[]> {
  const db = open(database, 1)
  const [writer, other] = [newTenant(), newTenant()]
  await withTenant(writer, () => db.write((tx) => tx.execute(sql`insert into customers (name) values ('Ada')`)))
  const rows = () => db.read((tx) => tx.execute(sql`select name from customers`))
  return [(await withTenant(writer, rows)).length, (await withTenant(other, rows)).length]
}

/** The functions of the schema `tenancy` whose bodies a running process compares with those that it knows. */
const comparedFunctions = `
select p.oid::regprocedure::text as name, pg_get_functiondef(p.oid) as definition
from pg_proc p where pronamespace = 'tenancy'::regnamespace and (prosecdef or proname = 'current_tenant_id') order by 1`

describe.each(olderVersions)('the SQL of version %d', (version) => {
  test('runs with this release, whose start-up check names the command', async () => {
    await using project = await createProject(version)
    await project.migrate()
    const findings = await inspect(project.database)
    expect(problems(findings)).toEqual([
      `warning sql-version: its SQL has version ${version}, and this release of Rowhouse brings version ${sqlVersion}`,
    ])
    expect(findings[0]?.remedy).toBe('Run "rowhouse upgrade", then "rowhouse migrate" as the owner of the database.')
    expect(await writeAndRead(project.database)).toEqual([1, 0])
  })

  test('leads to a database without findings after rowhouse upgrade and migrate, with its rows', async () => {
    await using project = await createProject(version)
    const before = await project.run('migrate')
    expect(before).toMatchObject({ code: 0, stderr: '' })
    expect(before.stdout).toContain(
      `sql has version ${version} of the SQL, and this release brings version ${sqlVersion}: run "bunx rowhouse upgrade", and migrate again.\n`,
    )
    await writeAndRead(project.database)
    expect(await project.run('upgrade')).toMatchObject({ code: 0, stderr: '' })
    const after = await project.run('migrate')
    expect([after.code, after.stdout.includes('rowhouse upgrade')]).toEqual([0, false])
    expect(await inspect(project.database)).toEqual([])
    const doctor = await project.run('doctor')
    expect([doctor.code, doctor.stdout.includes('sql-version')]).toEqual([0, false])
    expect(await asOwner(project.database)`select name from customers`).toHaveLength(1)
  })

  test('runs on a database of this version, as after a rollback, and this version runs again', async () => {
    await using project = await createProject(version)
    const older = join(project.folder, 'older')
    await cp(join(project.folder, 'sql'), older, { recursive: true })
    await project.run('upgrade')
    for (const folder of ['sql', 'older', 'sql']) {
      await project.migrate(join(project.folder, folder))
      const errors = (await inspect(project.database)).filter(({ level }) => level === 'error')
      expect([folder, errors]).toEqual([folder, []])
    }
    expect(await writeAndRead(project.database)).toEqual([1, 0])
  })

  // A process that starts refuses both, and /ready of a running one reports them: docs/upgrading.md names them.
  test('gets what its processes do not know, as docs/upgrading.md names it', async () => {
    await using project = await createProject(version)
    const owner = asOwner(project.database)
    await project.migrate()
    const definers = async () =>
      (
        await owner`
          select p.oid::regprocedure::text as name from pg_proc p where prosecdef and has_function_privilege('app_user', oid, 'EXECUTE')`
      ).map(({ name }) => String(name))
    const before = await definers()
    await project.run('upgrade')
    await project.migrate()
    const unforced = await owner`
      select c.oid::regclass::text as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
      where c.relkind = 'r' and not c.relforcerowsecurity`
    const unknown = [
      ...(await definers()).filter((name) => !before.includes(name)),
      ...unforced.map(({ name }) => String(name)).filter((name) => !/^tenancy\.audit_entries_\d/.test(name)), // one a month
    ]
    expect(unknown.toSorted()).toEqual([
      'tenancy.audit_checkpoints',
      'tenancy.audit_entries_default',
      'tenancy.audit_event(text,text,text,jsonb)',
      'tenancy.audit_logs',
      'tenancy.audit_pruned',
      'tenancy.audit_queue',
      'tenancy.claim_idempotency_key(text,text,bytea)',
      'tenancy.discard(text,text)',
      'tenancy.find_tenant(text,text)',
      'tenancy.idempotency_keys',
      'tenancy.leave_trash()',
      'tenancy.read_idempotent_answer(text,text,bytea)',
      'tenancy.store_idempotent_answer(text,text,bytea,text)',
      'tenancy.take_deleted(text,text,uuid)',
      'tenancy.take_from_trash(text,text)',
      'tenancy.tenant_history',
      'tenancy.trash',
    ])
    const page = await readFile(join(import.meta.dir, '../../../docs/upgrading.md'), 'utf8')
    for (const name of unknown) expect(page).toContain(`\`${name}\``)
  })

  test('keeps the functions that running processes compare', async () => {
    await using project = await createProject(version)
    const owner = asOwner(project.database)
    await project.migrate()
    const before = [...(await owner.unsafe(comparedFunctions))]
    await project.run('upgrade')
    await project.migrate()
    expect([...(await owner.unsafe(comparedFunctions))]).toEqual(expect.arrayContaining(before))
  })
})

// test/tenant-ids/upgrade.test.ts upgrades a database with signed tenants.
test('the SQL of version 1 is refused with signing keys: it does not understand the signatures of this release', async () => {
  await using project = await createProject(1)
  const signingSecrets = ['a secret of 32 characters or more!']
  await expect(project.migrate(undefined, signingSecrets)).rejects.toThrow(
    'tenancy.current_tenant_id(): its body is not the one that Rowhouse installs',
  )
  await project.run('upgrade')
  await project.migrate(undefined, signingSecrets)
  expect((await inspect(project.database)).filter(({ check }) => check !== 'signed-context')).toEqual([])
})

test('a process of this release serves a database of the next version, and warns of it', async () => {
  await using project = await createProject(1)
  await project.run('upgrade')
  const file = join(project.folder, 'sql/39-version.sql')
  const next = (await readFile(file, 'utf8')).replace(`sql ${sqlVersion}`, `sql ${sqlVersion + 1}`)
  await writeFile(file, next)
  await project.migrate()
  const findings = await inspect(project.database)
  expect(() => assertRowSecurity(findings)).not.toThrow()
  expect(findings).toMatchObject([
    {
      level: 'warning',
      problem: `its SQL has version ${sqlVersion + 1}, and this release of Rowhouse brings version ${sqlVersion}`,
      remedy: `Deploy the release of Rowhouse that migrated the database, or a later one: it brings version ${sqlVersion + 1}.`,
    },
  ])
  expect(await writeAndRead(project.database)).toEqual([1, 0])
})
