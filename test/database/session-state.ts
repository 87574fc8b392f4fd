import { sql } from 'drizzle-orm'
import type { TenantTx } from '../../src/database/index.ts'
import { asOwner, createDatabase, type TestDatabase } from '../database.ts'

/** Statements that change the session of their connection, or reach those that the kit prepared. Each is refused. */
export const refused = [
  'listen jobs',
  'set my.plan = enterprise',
  'set session statement_timeout = 7000',
  'set search_path = pg_catalog',
  'set role none',
  'reset all',
  'prepare mine as select 1',
  'execute mine',
  'deallocate all',
  'discard all',
  'declare mine cursor with hold for select 1',
  'copy numbered to stdout',
  'copy numbered from stdin',
  "do $$ begin perform set_config('my.plan', 'enterprise', false); end $$",
  "call run_now('listen jobs')",
  'savepoint mine',
  'set transaction isolation level serializable',
]

export const byFunction = (statement: string): string => `select run('${statement.replaceAll("'", "''")}')`

/** Statements that PostgreSQL runs, and that change the session of their connection by a function. */
export const allowed = [
  'select pg_advisory_lock(42)',
  'select pg_advisory_lock_shared(42)',
  "select set_config('my.plan', 'enterprise', false)",
  "select set_config('statement_timeout', '7s', false)",
  "select set_config('search_path', 'pg_catalog', false)",
  "select set_config('DateStyle', 'SQL, DMY', false)",
  "select set_config('default_transaction_read_only', 'on', false)",
  "select set_config('role', 'app_user', false)",
  "select setseed(0.5), nextval('numbered_n_seq')",
  'explain analyze select pg_advisory_lock(42)',
  'lock table numbered in access share mode',
  byFunction('listen jobs'),
  byFunction('set my.plan = enterprise'),
  byFunction('set session characteristics as transaction read only'),
  byFunction('declare mine cursor with hold for select 1'),
  byFunction('do $$ begin perform pg_advisory_lock(42); end $$'),
  byFunction("call run_now('listen jobs')"),
]

/** Statements by a function that reach the prepared statements of the connection. */
export const preparing = [
  byFunction('prepare mine as select 1'),
  byFunction(`do $attack$ declare ours record; begin
    for ours in select name from pg_prepared_statements where not from_sql loop
      execute format('deallocate %I', ours.name);
      execute format('prepare %I as select 1', ours.name);
    end loop;
    prepare mine as select 1;
  end $attack$`),
]

/** A database with a function that runs any text, as a careless owner could create it. */
export async function createCarelessDatabase(): Promise<TestDatabase> {
  const database = await createDatabase()
  await addCarelessFunction(database)
  return database
}

export async function addCarelessFunction(database: TestDatabase): Promise<void> {
  await asOwner(database).unsafe(`
    create table numbered (n serial primary key);
    grant select, insert on numbered to app_user;
    grant usage on sequence numbered_n_seq to app_user;
    create function run(statement text) returns void language plpgsql as $$ begin execute statement; end $$;
    create procedure run_now(statement text) language plpgsql as $$ begin execute statement; end $$`)
}

/** What a session has that a new one has not. */
export const nothingLeft = {
  settings: null,
  dates: null,
  plan: null,
  channels: null,
  locks: null,
  cursors: null,
  prepared: null,
  role: null,
}

/** The state of a session, as one row like {@link nothingLeft}. */
export const stateText = `
  select
    (select string_agg(name || ' = ' || setting, ', ') from pg_settings
      where source = 'session' and name !~ '^(transaction_|app\\.|my\\.)'
      and name not in ('application_name', 'client_encoding', 'DateStyle')) as settings,
    nullif(current_setting('DateStyle'), 'ISO, MDY') as dates,
    nullif(current_setting('my.plan', true), '') as plan,
    (select string_agg(channel, ', ') from pg_listening_channels() as channel) as channels,
    (select string_agg(objid::text, ', ') from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks,
    (select string_agg(name, ', ') from pg_cursors where is_holdable) as cursors,
    (select string_agg(name, ', ') from pg_prepared_statements where from_sql) as prepared,
    nullif(current_setting('role'), 'none') as role`

export const stateOf = async (tx: TenantTx) => (await tx.execute(sql.raw(stateText)))[0]
