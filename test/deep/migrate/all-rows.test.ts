import { describe, expect, test } from 'bun:test'
import {
  createOwnedDatabases,
  failureOf,
  insertNotes,
  type KindOfOwner,
  kindsOfOwners,
  notesMigration,
  protectNotes,
} from '../../migrate/owners.ts'
import { copyProject, type Project } from '../../migrate/project.ts'
import { tenantColumnType } from '../../tenants.ts'

const owned = createOwnedDatabases()
const step = '\n--> statement-breakpoint\n'

/** A project whose table `notes` has a row of each of two tenants. */
async function createNotes(owner: KindOfOwner) {
  const database = await owned.createEmpty(owner)
  const project = await copyProject()
  await project.addMigration('0001_notes', notesMigration)
  await project.change('sql/40-protected-tables.sql', (text) => text + protectNotes)
  await project.migrate({ url: database.url })
  await insertNotes(database.sql)
  const kinds = async () => (await database.sql`select kind from notes order by id`).map(({ kind }) => kind)
  const add = (text: string): Promise<string[]> => migrateWith(project, text, database.url)
  return { ...database, project, kinds, add }
}

async function migrateWith(project: Project, text: string, url: string): Promise<string[]> {
  await project.addMigration('0002_change', text)
  return await project.migrate({ url })
}

test('a migration that changes rows is an error for an owner that FORCE binds, and says what to write', async () => {
  const { project, kinds, add } = await createNotes('no superuser')
  await using _ = project
  const error = await failureOf(add(`update notes set kind = 'old'`))
  expect(error.message).toMatch(
    /^drizzle\/0002_change\.sql, statement 1: query would be affected by row-level security/,
  )
  expect(error.message).toContain('\nRow-level security applies to the owner too, so the statement would miss rows.')
  expect(error.message).toContain("select tenancy.for_all_tenants($$ … $$, 'public.first_table'")
  expect(error.message).not.toContain('must log in as the owner')
  expect(await kinds()).toEqual(['new', 'new'])
})

test.each([
  'create table copies as select * from notes',
  'delete from notes',
  'create materialized view seen as select * from notes',
  'alter table notes add foreign key (tenant_id, id) references notes',
])('a statement that row-level security would filter is an error for an owner that FORCE binds: %s', async (text) => {
  const { project, add } = await createNotes('no superuser')
  await using _ = project
  expect((await failureOf(add(text))).message).toContain('Row-level security applies to the owner too')
})

test('a migration that changes rows changes those of all tenants when the owner is a superuser', async () => {
  const { project, kinds, add } = await createNotes('a superuser')
  await using _ = project
  await add(`update notes set kind = 'old'`)
  expect(await kinds()).toEqual(['old', 'old'])
})

describe.each(kindsOfOwners)('for an owner that is %s, tenancy.for_all_tenants()', (owner) => {
  const change = `select tenancy.for_all_tenants($$ update public.notes set kind = 'old' $$, 'public.notes')`

  test('changes the rows of all tenants, and row-level security is forced again', async () => {
    const { project, kinds, add, sql } = await createNotes(owner)
    await using _ = project
    expect(await add(change)).toEqual(['drizzle/0002_change.sql'])
    expect(await kinds()).toEqual(['old', 'old'])
    const [table] = await sql`select relforcerowsecurity as forced from pg_class where oid = 'notes'::regclass`
    expect(table?.forced).toBe(true)
  })

  test('returns how many rows it changed, and forces row-level security before the migration ends', async () => {
    const { project, add, sql } = await createNotes(owner)
    await using _ = project
    const forced = `select relforcerowsecurity from pg_class where oid = 'notes'::regclass`
    await add(`create table seen as ${change} as changed, (${forced}) as forced`)
    expect([...(await sql`select changed::int, forced from seen`)]).toEqual([{ changed: 2, forced: true }])
  })

  test('adds a foreign key to a table that has rows, and compares those of all tenants', async () => {
    const { project, sql, add } = await createNotes(owner)
    await using _ = project
    const key = 'alter table public.notes add foreign key (tenant_id, kind) references public.notes (tenant_id, kind)'
    const unique = 'create unique index on notes (tenant_id, kind)'
    await add(`${unique}${step}select tenancy.for_all_tenants($$ ${key} $$, 'public.notes')`)
    expect(await sql`select from pg_constraint where conrelid = 'notes'::regclass and contype = 'f'`).toHaveLength(1)
  })

  test('changes a table with a deferred key', async () => {
    const { project, sql, kinds, add } = await createNotes(owner)
    await using _ = project
    await sql.unsafe(
      'alter table notes add column next int, add foreign key (tenant_id, next) references notes deferrable initially deferred',
    )
    await add(change.replace("kind = 'old'", "kind = 'old', next = id"))
    expect(await kinds()).toEqual(['old', 'old'])
  })
})

test('tenancy.for_all_tenants() leaves a table alone that is not forced', async () => {
  const { project, sql, add } = await createNotes('no superuser')
  await using _ = project
  await add(
    `create table plain (id int)${step}select tenancy.for_all_tenants('insert into public.plain values (1)', 'public.plain')`,
  )
  expect([...(await sql`select relforcerowsecurity as forced from pg_class where oid = 'plain'::regclass`)]).toEqual([
    { forced: false },
  ])
})

test('tenancy.for_all_tenants() fails for a protected table that it was not given', async () => {
  const { project, kinds, add } = await createNotes('no superuser')
  await using _ = project
  const error = await failureOf(
    add(`select tenancy.for_all_tenants($$ update public.notes set kind = 'old' $$, 'public.tasks')`),
  )
  expect(error.message).toContain('row-level security policy for table "notes"')
  expect(await kinds()).toEqual(['new', 'new'])
})

test('the serving role may not call tenancy.for_all_tenants()', async () => {
  const { sql } = await owned.createMigrated('a superuser')
  const allowed = await sql`
    select has_function_privilege('app_user', 'tenancy.for_all_tenants(text, regclass[])', 'EXECUTE') as allowed`
  expect([...allowed]).toEqual([{ allowed: false }])
})

test('a new table may refer to a protected one when the owner is no superuser', async () => {
  const { project, sql, add } = await createNotes('no superuser')
  await using _ = project
  const table = `create table replies (tenant_id ${tenantColumnType} not null, id int, note int, primary key (tenant_id, id))`
  const key =
    'ALTER TABLE "replies" ADD CONSTRAINT "replies_note_fkey" FOREIGN KEY ("tenant_id","note") REFERENCES "public"."notes"("tenant_id","id");'
  await project.change('sql/40-protected-tables.sql', (text) => text + protectNotes.replace('notes', 'replies'))
  await project.change(
    'sql/40-protected-tables.sql',
    (text) => `${text};create index if not exists replies_note_idx on public.replies (tenant_id, note)`,
  )
  expect(await add(`${table};${step}${key}`)).toHaveLength(1)
  expect(await sql`select from pg_constraint where conname = 'replies_note_fkey' and convalidated`).toHaveLength(1)
})
