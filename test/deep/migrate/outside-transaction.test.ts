import { describe, expect, test } from 'bun:test'
import type postgres from 'postgres'
import { MigrationError } from '../../../src/migrate/index.ts'
import {
  createOwnedDatabases,
  failureOf,
  insertNotes,
  type KindOfOwner,
  kindsOfOwners,
  notesMigration,
  protectNotes,
} from '../../migrate/owners.ts'
import { copyProject } from '../../migrate/project.ts'

const owned = createOwnedDatabases()
const comment = '-- rowhouse: no transaction\n'
const step = '\n--> statement-breakpoint\n'
const index = 'create index concurrently notes_kind_idx on notes (tenant_id, kind)'
const one = 'drizzle/0001_notes.sql'
const shipped = [
  'drizzle/0000_users_and_tasks.sql',
  'drizzle/0001_users_email_collation.sql',
  'drizzle/0002_text_sort_indexes.sql',
]

/** A project with the table `notes`, which was not migrated yet. */
async function createNotes(owner: KindOfOwner = 'a superuser') {
  const database = await owned.createEmpty(owner)
  const project = await copyProject()
  await project.addMigration('0001_notes', notesMigration)
  await project.change('sql/40-protected-tables.sql', (text) => text + protectNotes)
  return { ...database, project, migrate: () => project.migrate({ url: database.url }) }
}
const applied = async (sql: postgres.Sql) => (await sql`select from drizzle.__drizzle_migrations`).length

describe.each(kindsOfOwners)(
  'for an owner that is %s, a migration that begins with "-- rowhouse: no transaction"',
  (owner) => {
    test('creates an index concurrently, between two transactions, in an empty database', async () => {
      const { project, sql, migrate } = await createNotes(owner)
      await using _ = project
      await project.addMigration('0002_index', `${comment}${index}`)
      await project.addMigration('0003_more', 'alter table notes add column more text')
      expect(await migrate()).toEqual([...shipped, one, 'drizzle/0002_index.sql', 'drizzle/0003_more.sql'])
      expect([...(await sql`select indisvalid from pg_index where indexrelid = 'notes_kind_idx'::regclass`)]).toEqual([
        { indisvalid: true },
      ])
      expect(await migrate()).toEqual([])
    })

    test('adds an enum value and uses it, in a database that has the type', async () => {
      const { project, sql, migrate } = await createNotes(owner)
      await using _ = project
      await project.addMigration('0002_mood', `create type mood as enum ('one')`)
      await migrate()
      const add = `alter type mood add value if not exists 'two'`
      await project.addMigration('0003_two', `${comment}${add}${step}create table moods (mood mood default 'two')`)
      await project.addMigration('0004_use', `insert into moods values ('two')`)
      expect(await migrate()).toHaveLength(2)
      expect([...(await sql`select mood from moods`)]).toEqual([{ mood: 'two' }])
    })

    test('is rolled back with the others when the isolation check fails before it', async () => {
      const { project, sql, migrate } = await createNotes(owner)
      await using _ = project
      await migrate()
      await project.addMigration('0002_open', 'create table shared (id int);grant select on shared to app_user')
      await project.addMigration('0003_index', `${comment}${index}`)
      const error = await failureOf(migrate())
      expect(error.message).toContain('public.shared: the serving role can reach it')
      expect(error.message).toContain('drizzle/0003_index.sql and the migrations before it were not applied.')
      expect([await applied(sql), (await sql`select to_regclass('shared') as found`)[0]?.found]).toEqual([
        shipped.length + 1,
        null,
      ])
    })
  },
)

describe('a migration outside of a transaction that fails', () => {
  test('names what is permanent and how to go on, and the next run goes on there', async () => {
    const { project, sql, migrate } = await createNotes()
    await using _ = project
    await project.addMigration('0002_index', `${comment}${index}${step}create index concurrently on nowhere (id)`)
    await project.addMigration('0003_more', 'alter table notes add column more text')
    const error = await failureOf(migrate())
    expect(error).toBeInstanceOf(MigrationError)
    expect(error.message).toStartWith(
      'drizzle/0002_index.sql, statement 2: relation "nowhere" does not exist\nThe statements before it (1) are permanent.',
    )
    expect(error.message).toMatch(
      /\n\nThese migrations are permanent: drizzle\/0000\S+, [^\n]*drizzle\/0001_notes\.sql\. Everything after them/,
    )
    await project.change('drizzle/0002_index.sql', (text) =>
      text
        .replace(index, `drop index concurrently notes_kind_idx${step}${index}`)
        .replace('nowhere (id)', 'notes (tenant_id)'),
    )
    expect(await migrate()).toEqual(['drizzle/0002_index.sql', 'drizzle/0003_more.sql'])
    expect(await applied(sql)).toBe(shipped.length + 3)
  })

  test('is permanent itself when a later migration fails', async () => {
    const { project, sql, migrate } = await createNotes()
    await using _ = project
    await project.addMigration('0002_index', `${comment}${index}`)
    await project.addMigration('0003_broken', 'select 1 / 0')
    const error = await failureOf(migrate())
    expect(error.message).toMatch(
      /\n\nThese migrations are permanent: [^\n]*drizzle\/0002_index\.sql\. Everything after them was rolled back/,
    )
    await project.change('drizzle/0003_broken.sql', () => 'select 1')
    expect(await migrate()).toEqual(['drizzle/0003_broken.sql'])
    expect(await applied(sql)).toBe(shipped.length + 3)
  })

  test('is named as permanent when the isolation check at the end fails', async () => {
    const { project, migrate } = await createNotes()
    await using _ = project
    await project.addMigration('0002_index', `${comment}${index}`)
    await project.addMigration(
      '0003_open',
      'grant truncate on notes to public; create table open (tenant_id uuid not null)',
    )
    const error = await failureOf(migrate())
    expect(error.message).toContain('public.open: row-level security is not enabled')
    expect(error.message).not.toContain('Nothing was changed')
    expect(error.message).toContain('These migrations are permanent: ')
  })
})

test('the serving role reaches no unprotected table between the transactions of a migration', async () => {
  const { project, sql, migrate } = await createNotes()
  await using _ = project
  const look = `create table seen as select relrowsecurity as secured,
    has_table_privilege('app_user', 'notes', 'SELECT') as readable from pg_class where oid = 'notes'::regclass`
  await project.addMigration('0002_look', `${comment}${look}`)
  await project.addMigration(
    '0003_late',
    'create table late (tenant_id uuid not null, id int, primary key (tenant_id, id))',
  )
  await project.change('sql/40-protected-tables.sql', (text) => text + protectNotes.replace('notes', 'late'))
  await migrate()
  expect([...(await sql`select * from seen`)]).toEqual([{ secured: false, readable: false }])
})

test('row-level security that was disabled is restored before a migration runs outside of a transaction', async () => {
  const { project, sql, migrate } = await createNotes()
  await using _ = project
  await migrate()
  await sql`alter table notes disable row level security`
  await project.addMigration(
    '0002_look',
    `${comment}create table seen as select relrowsecurity as secured from pg_class where oid = 'notes'::regclass`,
  )
  await migrate()
  expect([...(await sql`select * from seen`)]).toEqual([{ secured: true }])
})

test('two runs at once execute a migration outside of a transaction once', async () => {
  const { project, migrate } = await createNotes()
  await using _ = project
  await project.addMigration('0002_index', `${comment}${index}`)
  const runs = await Promise.all([migrate(), migrate(), migrate()])
  expect(runs.flat()).toEqual([...shipped, one, 'drizzle/0002_index.sql'])
})

test('a statement outside of a transaction changes rows of all tenants or fails, like one inside', async () => {
  const { project, sql, migrate } = await createNotes('no superuser')
  await using _ = project
  await migrate()
  await insertNotes(sql)
  await project.addMigration('0002_old', `${comment}update notes set kind = 'old'`)
  expect((await failureOf(migrate())).message).toContain('select tenancy.for_all_tenants(')
})

test.each([
  [
    'a statement that cannot run in a transaction',
    index,
    'Begin the migration with the line "-- rowhouse: no transaction".',
  ],
  [
    'two such statements without a breakpoint',
    `${comment}${index};${index.replace('kind_idx', 'other_idx')}`,
    'Write "--> statement-breakpoint" between the statements.',
  ],
  [
    'a BEGIN outside of a transaction',
    `${comment}begin`,
    'drizzle/0002_wrong.sql begins a transaction. Remove BEGIN from the file.',
  ],
  [
    'an unknown comment',
    `-- rowhouse: no transactions\n${index}`,
    'drizzle/0002_wrong.sql begins with an unknown comment, -- rowhouse: no transactions',
  ],
])('a migration with %s fails with a remedy', async (_, text, remedy) => {
  const { project, migrate } = await createNotes()
  await using _project = project
  await project.addMigration('0002_wrong', text)
  expect((await failureOf(migrate())).message).toContain(remedy)
})

test('a file of the SQL folder cannot run outside of the transaction', async () => {
  const { project, migrate } = await createNotes()
  await using _ = project
  await project.write('sql/50-own.sql', `${comment}select 1`)
  expect((await failureOf(migrate())).message).toStartWith('sql/50-own.sql cannot run outside of the transaction')
})

test('a use of a new enum value in the transaction that adds it names the comment, which may be added to a migration later', async () => {
  const { project, migrate } = await createNotes()
  await using _ = project
  await project.addMigration('0002_mood', `create type mood as enum ('one')`)
  await migrate()
  await project.addMigration('0003_two', `alter type mood add value 'two'`)
  await project.addMigration('0004_use', `create table moods (mood mood default 'two')`)
  expect((await failureOf(migrate())).message).toContain(
    'Begin the migration that adds the value with the line "-- rowhouse: no transaction".',
  )
  await project.change('drizzle/0003_two.sql', (text) => comment + text)
  await project.change('drizzle/0002_mood.sql', (text) => comment + text)
  expect(await migrate()).toHaveLength(2)
})
