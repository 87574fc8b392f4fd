import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { createIsolationCheck, type IsolationCheckOptions } from '../../src/isolation/index.ts'
import { asOwner, createBareDatabase } from '../database.ts'

// A third-party database: its policy function uses the rights of the role that evaluates it.
const suffix = randomBytes(4).toString('hex')
const [web, tableOwner, member] = [`web_${suffix}`, `table_owner_${suffix}`, `member_${suffix}`]
const database = await createBareDatabase()
const owner = asOwner(database)
const flag = `flag_${suffix}`

await owner.unsafe(`
  create role ${web} login password 'x'; create role ${tableOwner} login password 'x';
  create role ${member} login password 'x' in role ${web};
  do $$ begin execute format('alter database %I set track_functions = ''all''', current_database()); end $$;
  create schema crm; grant usage on schema crm to public;
  create function crm.org() returns uuid language plpgsql as $$ begin
    perform set_config('role', 'none', true);
    if (select rolsuper from pg_roles where rolname = current_user) then
      execute format('copy (select 1) to %L', current_setting('data_directory') || '/${flag}');
    end if;
    return nullif(current_setting('crm.tenant', true), '')::uuid;
  end $$;
  create table crm.notes (org_id uuid not null, id bigint, primary key (org_id, id));
  insert into crm.notes values (gen_random_uuid(), 1);
  alter table crm.notes enable row level security; alter table crm.notes force row level security;
  create policy own on crm.notes using (org_id = (select crm.org()));
  grant select on crm.notes to ${web}; alter table crm.notes owner to ${tableOwner}`)

afterAll(async () => {
  const all = `${member}, ${web}, ${tableOwner}`
  await owner.unsafe(`drop owned by ${all} cascade; drop role ${all}`)
})
beforeEach(async () => {
  await owner`select pg_stat_reset()`
})

const as = (user: string) => Object.assign(new URL(database.ownerUrl), { username: user, password: 'x' }).href

async function inspect(url: string, options: IsolationCheckOptions = {}) {
  const isolation = createIsolationCheck({ url, tenantColumn: 'org_id', ...options, signer: 'none' })
  const findings = await isolation.inspect().finally(() => isolation.close())
  await owner`select pg_stat_force_next_flush()`
  const [called] = await owner<{ calls: string }[]>`select calls from pg_stat_user_functions where funcname = 'org'`
  const [{ size } = { size: null }] = await owner<{ size: string | null }[]>`select (pg_stat_file(${flag}, true)).size`
  const notTried = findings.filter(({ check }) => check === 'not-tried').map(({ object, problem }) => [object, problem])
  return { notTried, wasCalled: called !== undefined && Number(called.calls) > 0, wroteFile: size !== null }
}

const more = 'its policies and their functions were not run: this login may do more than the serving role'
const untouched = (login: string) => ({ notTried: [[login, more]], wasCalled: false, wroteFile: false })

describe('the isolation check runs no function of the database', () => {
  test('with the login of a superuser', async () => {
    expect(await inspect(database.ownerUrl)).toEqual(untouched('postgres'))
  })

  test('with the login of a superuser that takes the serving role, which a function can reset', async () => {
    expect(await inspect(database.ownerUrl, { role: web })).toEqual(untouched('postgres'))
  })

  test('with the login of the owner', async () => {
    expect(await inspect(as(tableOwner))).toEqual(untouched(tableOwner))
  })

  test('with the login of a member of the serving role', async () => {
    expect(await inspect(as(member), { role: web })).toEqual(untouched(member))
  })
})

describe('the isolation check runs the policies of a database', () => {
  test('with the login of the serving role', async () => {
    expect(await inspect(as(web))).toEqual({ notTried: [], wasCalled: true, wroteFile: false })
  })

  test('with another login when the database is declared to be its own', async () => {
    expect(await inspect(as(member), { role: web, allowPrivileged: true })).toMatchObject({ wasCalled: true })
  })
})

test('the isolation check resolves no operator or function through the search_path of the database', async () => {
  const planted = await createBareDatabase()
  const sql = asOwner(planted)
  await sql.unsafe(`
    create schema trap; create table trap.fired (at int);
    create function trap.differs(name, text) returns boolean language plpgsql as $$ begin raise exception 'planted'; end $$;
    create operator trap.<> (leftarg = name, rightarg = text, function = trap.differs);
    create operator trap.!~ (leftarg = name, rightarg = text, function = trap.differs);
    create function trap.set_config(text, text, boolean) returns text language plpgsql as $$ begin raise exception 'planted'; end $$;
    create function trap.current_setting(text) returns text language plpgsql as $$ begin raise exception 'planted'; end $$;
    do $$ begin execute format('alter database %I set search_path = trap, pg_catalog', current_database()); end $$`)
  const isolation = createIsolationCheck({ url: planted.ownerUrl, role: web })
  const findings = await isolation.inspect().finally(() => isolation.close())
  expect(findings.map(({ check }) => check)).toContain('no-table')
})
