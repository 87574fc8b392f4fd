import { afterAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { openConnection } from '../../../src/database/index.ts'
import { createIsolationCheck, type Finding, inspectRowSecurity } from '../../../src/isolation/index.ts'
import { asOwner, createBareDatabase } from '../../database.ts'
import { faultsOf } from '../../isolation/faults/index.ts'
import { shared, thirdPartyDatabase } from '../../isolation/third-party-database.ts'

// Runs each printed statement by itself and then all of them, as the owner, in a transaction that is rolled back.
const suffix = randomBytes(4).toString('hex')
const left: (() => Promise<unknown>)[] = []
afterAll(async () => {
  for (const leave of left) await leave()
})

const isStatement = ({ remedy }: Finding) => /;( -- .*)?$/.test(remedy)
const nameOf = ({ check, object, problem }: Finding) => `${check} | ${object} | ${problem}`

/** The findings of the serving role in a new database, and those of them whose statement fails or changes nothing. */
async function tryStatements(role: string, sql: string, options: { tenantColumn: string; shared?: string[] }) {
  const database = await createBareDatabase()
  const owner = asOwner(database)
  left.push(() =>
    owner.unsafe(
      [role, `${role}_group`].map((name) => `drop owned by ${quote(name)} cascade; drop role ${quote(name)}`).join(';'),
    ),
  )
  await owner.unsafe(sql)
  const url = Object.assign(new URL(database.ownerUrl), { username: encodeURIComponent(role), password: 'x' }).href
  const isolation = createIsolationCheck({ url, ...options })
  const findings = (await isolation.inspect()).filter(({ check }) => check !== 'rows-without-tenant')
  await isolation.close()
  const connection = openConnection({ url: database.ownerUrl })
  const useless: string[] = []
  const statements = findings.filter(isStatement)
  const run = async (remedy: string, end: string) => {
    await connection.command('savepoint one')
    const error = await connection.command(remedy).then(
      () => undefined,
      (error: unknown) => error,
    )
    await connection.command(error ? 'rollback to savepoint one' : end)
    return error
  }
  await connection.command('begin')
  for (const { remedy } of statements) {
    const error = await run(remedy, 'rollback to savepoint one')
    if (error) useless.push(`${remedy} -- ${error}`)
  }
  // Together: one statement may alter what an earlier one has dropped.
  for (const { remedy } of statements) await run(remedy, 'release savepoint one')
  const after = (await inspectRowSecurity(connection, { role, ...options })).map(nameOf)
  useless.push(
    ...statements
      .filter((finding) => after.includes(nameOf(finding)))
      .map((finding) => `${nameOf(finding)} -- is still there after ${finding.remedy}`),
  )
  await connection.command('rollback')
  await connection.close()
  return { findings, useless }
}

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`

describe('each statement that the doctor prints runs and ends its finding', () => {
  test('in a database with every fault', async () => {
    const role = `printed_${suffix}`
    const fixture = thirdPartyDatabase(role)
    const faults = Object.values(faultsOf(fixture)).map(({ sql }) => sql)
    const given = { tenantColumn: 'org_id', shared }
    const { findings, useless } = await tryStatements(
      role,
      [fixture.soundRole + fixture.sound, ...faults].join(';\n'),
      given,
    )
    expect(useless).toEqual([])
    expect(findings.filter(isStatement).length).toBeGreaterThan(60)
  })

  const uuid = `nullif(current_setting('app.tenant', true), '')::uuid`
  test.each([
    ['a cast of the column', 'uuid', `%c::text = current_setting('app.tenant', true)`],
    ['a list of tenants', 'uuid', `%c = any(string_to_array(current_setting('app.tenants', true), ',')::uuid[])`],
    ['integers', 'integer', `%c = current_setting('app.tenant', true)::int`],
    ['bigints and a cast', 'bigint', `%c::text = (select current_setting('app.tenant', true))`],
    ['texts', 'text', `%c = current_setting('app.tenant', true)`],
    ['varchars', 'varchar(80)', `%c = (select current_setting('app.tenant', true))`],
    ['a domain', 'odd.tenant', `%c = ${uuid}`],
    ['a cast of a sub-select', 'uuid', `%c = (select current_setting('app.tenant', true))::uuid`],
    ['a claim', 'uuid', `%c = ((select odd.claims()) ->> 'org')::uuid`],
    ['a claim with a longer sub-select', 'uuid', `%c = (select (odd.claims() ->> 'org')::uuid)`],
    ['a function', 'uuid', '%c = odd.tenant()'],
  ])('in a database whose policies compare %s', async (title, type, policy) => {
    const role = `of ${title} "${suffix}"`
    const { findings, useless } = await tryStatements(role, oddDatabase(role, type, policy), {
      tenantColumn: 'Org "Id"',
    })
    expect(useless).toEqual([])
    for (const { remedy } of findings) expect(remedy).toMatch(/;( -- .*)?$|^[A-Z][^;]*\.$/s)
    expect(new Set(findings.map(({ check }) => check)).size).toBeGreaterThan(12)
  })
})

/** A database with quoted names, and faults of tables, policies, keys, functions and privileges. */
function oddDatabase(role: string, type: string, policy: string): string {
  const [to, group] = [quote(role), quote(`${role}_group`)]
  const condition = policy.replaceAll('%c', '"Org ""Id"""')
  const table = (name: string, columnType = type) => `
    create table odd."The ${name}" ("Org ""Id""" ${columnType} not null, id int, note text, "a \\1 column" int);
    alter table odd."The ${name}" enable row level security; alter table odd."The ${name}" force row level security;
    grant select, insert on odd."The ${name}" to ${to};`
  const withPolicy = (name: string, columnType = type) =>
    `${table(name, columnType)} create policy "own; it" on odd."The ${name}" using (${condition});`
  return `create role ${to} login password 'x';
    create schema odd; grant usage on schema odd to ${to};
    create domain odd.tenant as uuid;
    create function odd.claims() returns jsonb language sql stable as $$ select current_setting('app.claims', true)::jsonb $$;
    create function odd.tenant() returns uuid language sql stable as $$ select ${`nullif(current_setting('app.tenant', true), '')`}::uuid $$;
    ${['one', 'two', 'three'].map((name) => withPolicy(name)).join('')}
    ${table('bare one')}
    ${table('open one')} create policy "all" on odd."The open one" using (true);
    ${withPolicy('double one')}
    create policy again on odd."The double one" using (${condition}); create policy "and again" on odd."The double one" using (true);
    ${withPolicy('keyed one')}
    alter table odd."The keyed one" add primary key (id), add unique ("a \\1 column");
    create index "notes' index" on odd."The keyed one" (note);
    ${withPolicy('parent')} create unique index on odd."The parent" (id);
    ${withPolicy('child')}
    alter table odd."The child" add column parent int references odd."The parent" (id) on delete set null deferrable,
      add constraint "it's" foreign key ("a \\1 column") references odd."The parent" (id) not valid;
    create table odd.base (id int); grant select on odd.base to ${to};
    create table odd.middle (note text) inherits (odd.base); ${withPolicy('heir')}
    alter table odd."The heir" inherit odd.middle;
    create table odd.events ("Org ""Id""" ${type} not null, id int) partition by range (id);
    create table odd.events_0 partition of odd.events for values from (0) to (9);
    create table odd.referred (id int primary key);
    alter table odd.events add foreign key (id) references odd.referred on delete cascade; grant select on odd.events, odd.events_0 to ${to};
    create procedure odd.run() language sql security definer as 'select 1';
    create role ${group}; grant ${group} to ${to};
    create table odd.grouped (id int); create sequence odd.numbers;
    grant select on odd.grouped, odd.numbers to ${group};
    do $$ begin execute format('alter role %I in database %I set lock_timeout = 0', '${role}', current_database()); end $$`
}
