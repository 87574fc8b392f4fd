import { afterAll, describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { pgPolicy, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { loadRowhouseConfig } from '../../../src/cli/config.ts'
import { compareSchema } from '../../../src/cli/schema/compare-schema.ts'
import { readSchema, toSchemaTable } from '../../../src/cli/schema/read-schema.ts'
import { openConnection } from '../../../src/database/index.ts'
import { migrate } from '../../../src/migrate/index.ts'
import { createBareDatabase } from '../../database.ts'
import { foreign } from '../foreign/project.ts'

const project = await loadRowhouseConfig({}, foreign.folder)
const tables = await readSchema(project)
const database = await createBareDatabase()
await migrate({ ...project, url: database.ownerUrl })
const connection = openConnection({ url: database.ownerUrl })
afterAll(() => connection.close())

/** The findings after a change of a database that matched the schema. */
async function differences(change: string, wanted = tables): Promise<string[]> {
  await connection.command('begin')
  try {
    await connection.command(change)
    const findings = await compareSchema(connection, wanted, project.shared)
    return findings.map(({ level, object, problem }) => `${level} ${object}: ${problem}`)
  } finally {
    await connection.command('rollback')
  }
}

describe('a database that was migrated from a Drizzle schema', () => {
  test('matches the schema, with any types, names, keys and schemas', async () => {
    expect(await differences('select 1')).toEqual([])
  })

  test('matches the schema when a unique index replaces a unique constraint, and names differ', async () => {
    const other = `alter table crm.members drop constraint members_nick;
      create unique index other on crm.members ("Org Id", nick) nulls not distinct;
      alter table "weird.name"."Order" rename constraint "order pkey" to other_pkey`
    expect(await differences(other)).toEqual([])
  })

  test('may also have partitions, views and shared tables', async () => {
    const project = `create table parted (id int) partition by list (id); create table part partition of parted default;
      create view seen as select 1`
    expect(await differences(project)).toEqual(['warning public.parted: is in the database and not in the schema'])
  })
})

const order = 'error "weird.name"."Order":'
const inSchema = 'is in the schema and not in the database'
const inDatabase = 'is in the database and not in the schema'
const reference = '("Org Id", "memberId") references crm.members ("Org Id", id)'
const target = '(Org Id, memberId) to crm.members (Org Id, id)'

describe('a difference from the schema is reported:', () => {
  const cases: [string, string, string[]][] = [
    ['a missing table', 'drop table jobs', [`error public.jobs: ${inSchema}`]],
    ['an extra table', 'create table more (id int)', [`warning public.more: ${inDatabase}`]],
    ['a missing column', 'alter table jobs drop column big', [`error public.jobs: column big ${inSchema}`]],
    ['an extra column', 'alter table jobs add column more int', [`error public.jobs: column more ${inDatabase}`]],
    [
      'a nullable column',
      'alter table "weird.name"."Order" alter column amount drop not null',
      [`${order} column amount is numeric(10,2) not null in the schema and numeric(10,2) in the database`],
    ],
    [
      'a column that is not null',
      'alter table "weird.name"."Order" alter column day set not null',
      [`${order} column day is date in the schema and date not null in the database`],
    ],
    [
      'a length',
      'alter table "weird.name"."Order" alter column code type varchar(21)',
      [
        `${order} column code is character varying(20) not null in the schema and character varying(21) not null in the database`,
      ],
    ],
    [
      'a precision',
      'alter table "weird.name"."Order" alter column placed_at type timestamptz',
      [
        `${order} column placed_at is timestamp(3) with time zone not null in the schema and timestamp with time zone not null in the database`,
      ],
    ],
    [
      'an enum of another schema',
      `create type public."Mood" as enum ('glad'); alter table crm.members alter column mood type public."Mood" using null`,
      ['error crm.members: column mood is crm."Mood" in the schema and public."Mood" in the database'],
    ],
    [
      'the order of a primary key',
      'alter table "weird.name"."Order" drop constraint "order pkey", add primary key (id, "Org Id")',
      [`${order} primary key ("Org Id", id) ${inSchema}`, `${order} primary key (id, "Org Id") ${inDatabase}`],
    ],
    [
      'an extra unique key',
      'create unique index on "weird.name"."Order" ("Org Id", code)',
      [`${order} unique key ("Org Id", code) ${inDatabase}`],
    ],
    [
      'the expression of a unique key',
      `drop index crm.members_email; create unique index on crm.members ("Org Id", upper(email)) where email <> ''`,
      [
        `error crm.members: unique key ("Org Id", lower(email::text)) where ((email)::text <> ''::text) ${inSchema}`,
        `error crm.members: unique key ("Org Id", upper(email::text)) where ((email)::text <> ''::text) ${inDatabase}`,
      ],
    ],
    [
      'a unique key with distinct nulls',
      'alter table crm.members drop constraint members_nick, add unique ("Org Id", nick)',
      [
        `error crm.members: unique key ("Org Id", nick) nulls not distinct ${inSchema}`,
        `error crm.members: unique key ("Org Id", nick) ${inDatabase}`,
      ],
    ],
    [
      'the delete action of a foreign key',
      `alter table "weird.name"."Order" drop constraint "Order_Org Id_memberId_members_Org Id_id_fk",
        add foreign key ${reference} on update cascade`,
      [
        `${order} foreign key ${target} on delete cascade on update cascade ${inSchema}`,
        `${order} foreign key ${target} on delete no action on update cascade ${inDatabase}`,
      ],
    ],
    [
      'an extra policy',
      'create policy more on crm.members as restrictive for delete using (nick is null)',
      [`error crm.members: policy more restrictive delete using (nick IS NULL) ${inDatabase}`],
    ],
  ]
  test.each(cases)('%s', async (_, change, expected) => {
    expect(await differences(change)).toEqual(expected)
  })
})

test("a policy of the schema is compared by PostgreSQL's text of it", async () => {
  const notes = pgTable('notes', { tenantId: uuid('tenant_id').notNull(), text: text('text') }, (t) => [
    pgPolicy('short', { as: 'restrictive', for: 'select', using: sql`char_length(${t.text}) < ${10}` }),
  ])
  const wanted = [...tables, toSchemaTable('notes', notes, project)]
  const create = (using: string) =>
    `create table notes (tenant_id uuid not null, text text);
     create policy short on notes as restrictive for select to public using (${using})`
  expect(await differences(create('length(text) < 10'), wanted)).toHaveLength(2)
  expect(await differences(create('CHAR_LENGTH ( text )<10'), wanted)).toEqual([])
})

test('a type that does not exist in the database is reported', async () => {
  const found = await differences('alter type "size" rename to sizes')
  expect(found).toEqual([`${order} PostgreSQL rejects the table of the schema: type "public.size" does not exist`])
})
