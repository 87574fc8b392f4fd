import { describe, expect, test } from 'bun:test'
import type postgres from 'postgres'
import journal from '../../drizzle/meta/_journal.json' with { type: 'json' }
import { RowSecurityError } from '../../src/isolation/index.ts'
import { MigrationError, migrate } from '../../src/migrate/index.ts'
import { main } from '../database.ts'
import { sqlstateOf } from '../db/app-user.ts'
import { newTenant, project as ofType, tenantColumnType } from '../tenants.ts'
import { createOwnedDatabases, failureOf, kindsOfOwners } from './owners.ts'
import { copyProject } from './project.ts'

const owned = createOwnedDatabases()

/** Everything that a migration creates, with its oid: an object that was dropped and created again has another one. */
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
  union all select 'setting', setrole::text, '', setconfig::text from pg_db_role_setting -- other tests change those of their databases
    where setrole in (0, 'app_user'::regrole) and setdatabase in (0, (select oid from pg_database where datname = current_database()))
  order by 1, 2, 3`

const anyId = newTenant()
const shipped = journal.entries.map(({ tag }) => `drizzle/${tag}.sql`)

describe.each(kindsOfOwners)('for an owner that is %s', (owner) => {
  const createEmptyDatabase = () => owned.createEmpty(owner)
  const createMigratedDatabase = () => owned.createMigrated(owner)

  describe('a migration', () => {
    test('returns the new migrations, and changes nothing the second time', async () => {
      const { url, sql } = await createEmptyDatabase()
      expect(await migrate({ ...ofType, url })).toEqual(shipped)
      const before = [...(await everything(sql))]
      expect(await migrate({ ...ofType, url })).toEqual([])
      expect([...(await everything(sql))]).toEqual(before)
    })

    test('waits for no reader or writer when nothing is new', async () => {
      const { url, sql } = await createMigratedDatabase()
      await sql.begin(async (tx) => {
        await tx`lock table users, tasks in row exclusive mode`
        expect(await migrate({ ...ofType, url })).toEqual([])
      })
    })

    test('can run from several places at once', async () => {
      const { url, sql } = await createEmptyDatabase()
      const applied = await Promise.all([
        migrate({ ...ofType, url }),
        migrate({ ...ofType, url }),
        migrate({ ...ofType, url }),
      ])
      expect(applied.flat()).toEqual(shipped)
      const tables = await sql`select from pg_class where relforcerowsecurity`
      const policies = await sql`select from pg_policy join pg_class c on c.oid = polrelid where relforcerowsecurity`
      expect(policies.length).toBe(2 * tables.length)
    })

    test('can run in several databases of one server at once', async () => {
      const databases = await Promise.all(Array.from({ length: 3 }, () => createEmptyDatabase()))
      const applied = await Promise.all(databases.map(({ url }) => migrate({ ...ofType, url })))
      expect(applied.flat()).toHaveLength(3 * shipped.length)
    })

    test('restores row-level security that was disabled', async () => {
      const { url, sql } = await createMigratedDatabase()
      const before = (await everything(sql)).filter(({ kind }) => kind !== 'policy')
      await sql.unsafe(`alter table tasks no force row level security; alter table users disable row level security;
        drop policy tenant_restrictive on tasks; alter policy tenant_isolation on users using (true);
        grant all on tasks to app_user; grant update (tenant_id) on users to public`)
      await migrate({ ...ofType, url })
      expect((await everything(sql)).filter(({ kind }) => kind !== 'policy')).toEqual(before)
    })

    test('fails with SERVICE_UNAVAILABLE when the database does not exist', async () => {
      const url = new URL(main.ownerUrl)
      url.pathname = '/nowhere'
      expect(await failureOf(migrate({ ...ofType, url: url.href }))).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
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

    test('names a file of the SQL folder', async () => {
      const { url } = await createEmptyDatabase()
      await using project = await copyProject()
      await project.change('sql/20-tenancy.sql', (text) =>
        text.replace('stable parallel safe', 'stable parallel mostly'),
      )
      expect((await failureOf(project.migrate({ url }))).message).toStartWith('sql/20-tenancy.sql, statement 7: ')
    })

    test('leaves an empty database empty', async () => {
      const { url, sql } = await createEmptyDatabase()
      await using project = await copyProject()
      await project.addMigration('0001_broken', 'select no_such_column')
      await failureOf(project.migrate({ url }))
      expect([
        ...(await sql`select nspname from pg_namespace where nspname in ('tenancy', 'drizzle')`),
        ...(await sql`select relname from pg_class where relnamespace = 'public'::regnamespace`),
      ]).toEqual([])
      expect(await migrate({ ...ofType, url })).toEqual(shipped)
    })

    test('leaves a migrated database unchanged', async () => {
      const { url, sql } = await createMigratedDatabase()
      const before = [...(await everything(sql))]
      await using project = await copyProject()
      await project.addMigration('0001_half', 'create table half (id int);--> statement-breakpoint\nselect 1 / 0')
      await failureOf(project.migrate({ url }))
      expect([...(await everything(sql))]).toEqual(before)
    })

    test('reports a migration that was changed after it was applied', async () => {
      const { url, sql } = await createEmptyDatabase()
      await using project = await copyProject()
      await project.addMigration('0001_notes', 'select 1')
      expect(await project.migrate({ url })).toHaveLength(shipped.length + 1)
      await project.change('drizzle/0001_notes.sql', () => 'select 2')
      expect((await failureOf(project.migrate({ url }))).message).toStartWith(
        'drizzle/0001_notes.sql was changed after',
      )
      expect((await sql`select from drizzle.__drizzle_migrations`).length).toBe(shipped.length + 1)
    })
  })

  describe('the files of the SQL folder', () => {
    test('run in the order of their names: those before 40- before the migrations, the others after', async () => {
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

    test('may not end the transaction of the migration', async () => {
      const { url } = await createEmptyDatabase()
      await using project = await copyProject()
      await project.write('sql/15-mine.sql', 'select 1; commit')
      const error = await failureOf(project.migrate({ url }))
      expect(error.name).toBe(MigrationError.name)
      expect(error.message).toStartWith('sql/15-mine.sql ends the transaction of the migration')
    })

    test('are enough for a project without migrations', async () => {
      const { url, sql } = await createEmptyDatabase()
      await using project = await copyProject()
      await project.write(
        'sql/35-tables.sql',
        `create table if not exists houses (org_id ${tenantColumnType} not null, id uuid)`,
      )
      await project.write('sql/40-protected-tables.sql', `select tenancy.protect('public.houses', 'org_id')`)
      const own = { url, migrations: 'nowhere', tenantColumn: 'org_id' }
      expect(await project.migrate(own)).toEqual([])
      const [policy] =
        await sql`select pg_get_expr(polqual, polrelid) as text from pg_policy where polrelid = 'houses'::regclass`
      expect(policy?.text).toBe('(org_id = ( SELECT tenancy.current_tenant_id() AS current_tenant_id))')
    })

    test('are required', async () => {
      const { url } = await createEmptyDatabase()
      expect((await failureOf(migrate({ ...ofType, url, sql: 'nowhere' }))).message).toContain(
        '"rowhouse init" writes it',
      )
    })
  })

  describe('a new table of tenants that was not protected', () => {
    const forgotten = `create table notes (tenant_id ${tenantColumnType} not null default tenancy.current_tenant_id(), id uuid not null)`

    test('makes the migration fail with its name', async () => {
      const { url, sql } = await createEmptyDatabase()
      await using project = await copyProject()
      await project.addMigration('0001_notes', forgotten)
      const error = await failureOf(project.migrate({ url }))
      expect(error).toBeInstanceOf(RowSecurityError)
      expect(error.message).toContain('public.notes: row-level security is not enabled\n')
      expect((await sql`select to_regclass('notes') as notes`)[0]).toEqual({ notes: null })
    })

    test('is accepted after a call of protect()', async () => {
      const { url } = await createEmptyDatabase()
      await using project = await copyProject()
      await project.addMigration('0001_notes', `${forgotten};--> statement-breakpoint\ncreate table plain (id int)`)
      await project.change(
        'sql/40-protected-tables.sql',
        (text) => `${text}\n--> statement-breakpoint\nselect tenancy.protect('public.notes')`,
      )
      expect(await project.migrate({ url })).toHaveLength(shipped.length + 1)
    })

    test('answers "permission denied" to the serving role', async () => {
      const { sql } = await createMigratedDatabase()
      await sql.unsafe(forgotten)
      await sql.begin(async (tx) => {
        await tx`set local role app_user`
        for (const query of ['select * from notes', 'insert into notes default values', 'delete from notes'])
          expect(await sqlstateOf(tx.savepoint((inner) => inner.unsafe(query)))).toBe('42501')
      })
    })

    test('is rejected by protect() when its tenant column has another type or default', async () => {
      const { sql } = await createMigratedDatabase()
      for (const column of [
        `tenant_id ${tenantColumnType}`,
        'tenant_id integer not null',
        `tenant_id ${tenantColumnType} not null default '${anyId}'`,
      ]) {
        await sql.unsafe(`drop table if exists notes; create table notes (${column}, id uuid)`)
        const error = await failureOf(sql`select tenancy.protect('notes')`)
        expect(error.message).toContain(`notes needs the column: tenant_id ${tenantColumnType} not null default`)
      }
    })

    test('gets the default of its tenant column from protect()', async () => {
      const { sql } = await createMigratedDatabase()
      await sql.unsafe(`create table "Odd ""notes" ("Org Id" ${tenantColumnType} not null)`)
      await sql`select tenancy.protect('"Odd ""notes"', 'Org Id')`
      const [column] = await sql`select pg_get_expr(adbin, adrelid) as preset from pg_attrdef
        where adrelid = '"Odd ""notes"'::regclass`
      expect(column?.preset).toBe('tenancy.current_tenant_id()')
    })
  })
})
