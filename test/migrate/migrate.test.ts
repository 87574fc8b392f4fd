import { afterAll, describe, expect, test } from 'bun:test'
import postgres from 'postgres'
import journal from '../../drizzle/meta/_journal.json' with { type: 'json' }
import { RowSecurityError } from '../../src/isolation/index.ts'
import { MigrationError, migrate } from '../../src/migrate/index.ts'
import { sqlstateOf } from '../db/app-user.ts'
import { startPostgres } from '../postgres.ts'
import { copyProject } from './project.ts'

// A server of its own: its databases are empty, and at first it has no app_user.
const server = await startPostgres()
const administrator = postgres(server.ownerUrl, { max: 1, onnotice: () => {} })
const clients: postgres.Sql[] = [administrator]
let count = 0

afterAll(async () => {
  await Promise.all(clients.map((client) => client.end()))
  await server.stop()
})

async function createEmptyDatabase(owner?: { name: string; password: string }) {
  const name = `database_${count++}`
  await administrator`create database ${administrator(name)}`
  if (owner) await administrator.unsafe(`alter database ${name} owner to ${owner.name}`)
  const url = new URL(server.ownerUrl)
  url.pathname = `/${name}`
  const superuserUrl = url.href
  if (owner) Object.assign(url, { username: owner.name, password: owner.password })
  const sql = postgres(superuserUrl, { max: 1, onnotice: () => {} })
  clients.push(sql)
  return { url: url.href, sql }
}

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    () => new Error('It did not fail'),
    (reason: unknown) => reason,
  )
  return error instanceof Error ? error : new Error(String(error))
}

/** Everything that a migration makes, with its identity: what was dropped and made again has another oid. */
const everything = (sql: postgres.Sql) => sql`
  select 'policy' as kind, oid::text, polname::text as name, pg_get_expr(polqual, polrelid) as text from pg_policy
  union all select 'trigger', oid::text, tgname, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
  union all select 'constraint', oid::text, conname, pg_get_constraintdef(oid) from pg_constraint
    where connamespace = 'public'::regnamespace
  union all select 'relation', oid::text, relname, concat(relrowsecurity, relforcerowsecurity, relacl, relowner)
    from pg_class where relnamespace in ('public'::regnamespace, 'drizzle'::regnamespace)
  union all select 'column', attrelid::text, attname, attacl::text from pg_attribute
    where attrelid in ('users'::regclass, 'tasks'::regclass)
  union all select 'function', oid::text, proname, concat(pg_get_functiondef(oid), proacl) from pg_proc
    where pronamespace = 'tenancy'::regnamespace
  union all select 'schema', oid::text, nspname, nspacl::text from pg_namespace
  union all select 'migration', id::text, hash, created_at::text from drizzle.__drizzle_migrations
  union all select 'role', oid::text, rolname, concat(rolconnlimit, rolcanlogin) from pg_roles where rolname = 'app_user'
  union all select 'setting', setrole::text, '', setconfig::text from pg_db_role_setting
  order by 1, 2, 3`

const nobody = '00000000-0000-0000-0000-000000000000'
const shipped = journal.entries.map(({ tag }) => `drizzle/${tag}.sql`)

describe('a migration', () => {
  test('says what it applied, and the second time alters nothing', async () => {
    const { url, sql } = await createEmptyDatabase()
    expect(await migrate({ url })).toEqual(shipped)
    const before = [...(await everything(sql))]
    expect(await migrate({ url })).toEqual([])
    expect([...(await everything(sql))]).toEqual(before)
  })

  test('waits for nobody who reads or writes, when nothing is new', async () => {
    const { url, sql } = await createEmptyDatabase()
    await migrate({ url })
    await sql.begin(async (tx) => {
      await tx`lock table users, tasks in row exclusive mode`
      expect(await migrate({ url })).toEqual([])
    })
  })

  test('may run from two places at once', async () => {
    const { url, sql } = await createEmptyDatabase()
    const applied = await Promise.all([migrate({ url }), migrate({ url }), migrate({ url })])
    expect(applied.flat()).toEqual(shipped)
    const walled = await sql`select from pg_class where relforcerowsecurity`
    expect((await sql`select from pg_policy`).length).toBe(2 * walled.length)
  })

  test('may run in several databases of one server at once', async () => {
    const databases = await Promise.all(Array.from({ length: 6 }, () => createEmptyDatabase()))
    const applied = await Promise.all(databases.map(({ url }) => migrate({ url })))
    expect(applied.flat()).toHaveLength(6 * shipped.length)
  })

  test('mends walls that were broken', async () => {
    const { url, sql } = await createEmptyDatabase()
    await migrate({ url })
    const before = (await everything(sql)).filter(({ kind }) => kind !== 'policy')
    await sql.unsafe(`alter table tasks no force row level security; alter table users disable row level security;
      drop policy tenant_restrictive on tasks; alter policy tenant_isolation on users using (true);
      grant all on tasks to app_user; grant update (tenant_id) on users to public`)
    await migrate({ url })
    expect((await everything(sql)).filter(({ kind }) => kind !== 'policy')).toEqual(before)
  })

  test('of a database that does not answer is unavailable', async () => {
    const url = new URL(server.ownerUrl)
    url.pathname = '/nowhere'
    expect(await failureOf(migrate({ url: url.href }))).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
  })
})

describe('a migration that fails', () => {
  test('names the file and the statement', async () => {
    const { url } = await createEmptyDatabase()
    await using project = await copyProject()
    await project.addMigration('0001_broken', 'select 1;\n--> statement-breakpoint\nselect no_such_column;')
    const error = await failureOf(project.migrate({ url }))
    expect(error.name).toBe(MigrationError.name)
    expect(error.message).toMatch(/^drizzle\/0001_broken\.sql, statement 2: .*no_such_column/)
    expect(error.message).toEndWith('\n\nselect no_such_column;')
  })

  test('names a file of ours as well', async () => {
    const { url } = await createEmptyDatabase()
    await using project = await copyProject()
    await project.change('sql/20-tenancy.sql', (text) => text.replace('stable parallel safe', 'stable parallel mostly'))
    expect((await failureOf(project.migrate({ url }))).message).toStartWith('sql/20-tenancy.sql, statement 3: ')
  })

  test('leaves nothing behind', async () => {
    const { url, sql } = await createEmptyDatabase()
    await using project = await copyProject()
    await project.addMigration('0001_broken', 'select no_such_column')
    await failureOf(project.migrate({ url }))
    expect([
      ...(await sql`select nspname from pg_namespace where nspname in ('tenancy', 'drizzle')`),
      ...(await sql`select relname from pg_class where relnamespace = 'public'::regnamespace`),
    ]).toEqual([])
    expect(await migrate({ url })).toEqual(shipped)
  })

  test('leaves the last good state behind, when it is not the first', async () => {
    const { url, sql } = await createEmptyDatabase()
    await migrate({ url })
    const before = [...(await everything(sql))]
    await using project = await copyProject()
    await project.addMigration('0001_half', 'create table half (id int);--> statement-breakpoint\nselect 1 / 0')
    await failureOf(project.migrate({ url }))
    expect([...(await everything(sql))]).toEqual(before)
  })

  test('is what happens to one that was changed after it was applied', async () => {
    const { url, sql } = await createEmptyDatabase()
    await using project = await copyProject()
    await project.addMigration('0001_notes', 'select 1')
    expect(await project.migrate({ url })).toHaveLength(shipped.length + 1)
    await project.change('drizzle/0001_notes.sql', () => 'select 2')
    expect((await failureOf(project.migrate({ url }))).message).toStartWith('drizzle/0001_notes.sql was changed after')
    expect((await sql`select from drizzle.__drizzle_migrations`).length).toBe(shipped.length + 1)
  })
})

describe('the files of the SQL folder', () => {
  test('run in the order of their names: below 40- before the migrations, the others after', async () => {
    const { url, sql } = await createEmptyDatabase()
    await using project = await copyProject()
    await project.write('sql/35-before.sql', 'create table steps (tables bigint); select 1; create schema steps')
    const count = `insert into steps select count(*) from pg_tables where schemaname = 'public'`
    await project.write('sql/36-count.sql', count)
    await project.write('sql/45-count.sql', count)
    await project.write('sql/README.md', 'not SQL')
    await project.migrate({ url })
    expect([...(await sql`select tables::int from steps order by tables`)]).toEqual([{ tables: 1 }, { tables: 3 }])
  })

  test('may not end the transaction that all is done in', async () => {
    const { url } = await createEmptyDatabase()
    await using project = await copyProject()
    await project.write('sql/15-mine.sql', 'select 1; commit')
    const error = await failureOf(project.migrate({ url }))
    expect(error.name).toBe(MigrationError.name)
    expect(error.message).toStartWith('sql/15-mine.sql ends the transaction by itself')
  })

  test('are enough for a project without migrations', async () => {
    const { url, sql } = await createEmptyDatabase()
    await using project = await copyProject()
    await project.write('sql/35-tables.sql', 'create table if not exists houses (org_id uuid not null, id uuid)')
    await project.write('sql/40-protected-tables.sql', `select tenancy.protect('houses', 'org_id')`)
    const own = { url, migrations: 'nowhere', tenantColumn: 'org_id' }
    expect(await project.migrate(own)).toEqual([])
    const [wall] = await sql`select pg_get_expr(polqual, polrelid) as text from pg_policy limit 1`
    expect(wall?.text).toBe('(org_id = ( SELECT tenancy.current_tenant_id() AS current_tenant_id))')
  })

  test('are asked for when there are none', async () => {
    const { url } = await createEmptyDatabase()
    expect((await failureOf(migrate({ url, sql: 'nowhere' }))).message).toContain('"rowhouse init" writes it')
  })
})

describe('a new table of tenants that was not protected', () => {
  const forgotten = 'create table notes (tenant_id uuid not null default tenancy.current_tenant_id(), id uuid not null)'

  test('is refused by name', async () => {
    const { url, sql } = await createEmptyDatabase()
    await using project = await copyProject()
    await project.addMigration('0001_notes', forgotten)
    const error = await failureOf(project.migrate({ url }))
    expect(error).toBeInstanceOf(RowSecurityError)
    expect(error.message).toContain('public.notes: row-level security is not enabled\n')
    expect((await sql`select to_regclass('notes') as notes`)[0]).toEqual({ notes: null })
  })

  test('is accepted once it is named', async () => {
    const { url } = await createEmptyDatabase()
    await using project = await copyProject()
    await project.addMigration('0001_notes', `${forgotten};--> statement-breakpoint\ncreate table plain (id int)`)
    await project.change(
      'sql/40-protected-tables.sql',
      (text) => `${text}\n--> statement-breakpoint\nselect tenancy.protect('notes')`,
    )
    expect(await project.migrate({ url })).toHaveLength(shipped.length + 1)
  })

  test('answers "permission denied" to the serving role', async () => {
    const { url, sql } = await createEmptyDatabase()
    await migrate({ url })
    await sql.unsafe(forgotten)
    await sql.begin(async (tx) => {
      await tx`set local role app_user`
      for (const query of ['select * from notes', 'insert into notes default values', 'delete from notes'])
        expect(await sqlstateOf(tx.savepoint((inner) => inner.unsafe(query)))).toBe('42501')
    })
  })

  test('is refused by protect() when its tenant column is not the one', async () => {
    const { url, sql } = await createEmptyDatabase()
    await migrate({ url })
    for (const column of ['tenant_id uuid', 'tenant_id text not null', `tenant_id uuid not null default '${nobody}'`]) {
      await sql.unsafe(`drop table if exists notes; create table notes (${column}, id uuid)`)
      const error = await failureOf(sql`select tenancy.protect('notes')`)
      expect(error.message).toContain('notes needs the column: tenant_id uuid not null default')
    }
  })

  test('is given the default of its tenant column by protect()', async () => {
    const { url, sql } = await createEmptyDatabase()
    await migrate({ url })
    await sql.unsafe(`create table "Odd ""notes" ("Org Id" uuid not null)`)
    await sql`select tenancy.protect('"Odd ""notes"', 'Org Id')`
    const [column] = await sql`select pg_get_expr(adbin, adrelid) as preset from pg_attrdef
      where adrelid = '"Odd ""notes"'::regclass`
    expect(column?.preset).toBe('tenancy.current_tenant_id()')
  })
})
