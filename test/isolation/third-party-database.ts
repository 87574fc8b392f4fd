/** A fault in a third-party database, and exactly the findings that it causes. */
export interface Fault {
  /** Runs as a superuser. Each fault has its own table, so that faults do not hide each other. */
  sql: string
  finds: [check: string, object: string, problem: string][]
}

/** The relations that all tenants share on purpose. */
export const shared = ['crm.countries', 'crm.tags']
export const unreachable = ['crm.sessions']

/** The SQL of a third-party database and of its serving role. Roles belong to the whole server. */
export function thirdPartyDatabase(role: string) {
  const tenant = '(org_id = (select crm.current_org()))'

  /** A protected table with another schema, tenant column, function, setting and role than ours. */
  const table = (name: string, more = '', key = 'primary key (org_id, id)') => `
  create table crm.${name} (
    org_id uuid not null default crm.current_org(), id bigint not null, created_at timestamptz default now(),
    note text${more}${key && `, ${key}`});
  alter table crm.${name} enable row level security;
  alter table crm.${name} force row level security;
  create policy own on crm.${name} using ${tenant} with check ${tenant};
  create policy restrictive on crm.${name} as restrictive using ${tenant} with check ${tenant};
  grant select, insert, delete, update (note) on crm.${name} to ${role};`

  const currentOrg = (name: string, how: string) => `
  create function crm.${name}() returns uuid language sql ${how}
  as $$ select nullif(current_setting('crm.org', true), '')::uuid $$;`

  /** The serving role. */
  const soundRole = `
  create role ${role} login password 'x' connection limit 50;
  alter role ${role} set statement_timeout = '10s';
  alter role ${role} set lock_timeout = '5s';
  alter role ${role} set idle_in_transaction_session_timeout = '15s';
  do $$ begin
    if current_setting('server_version_num')::int >= 170000 then alter role ${role} set transaction_timeout = '30s'; end if;
  end $$;`

  /** A sound database: tables in the schema `crm`, with `org_id` as tenant column and `crm.org` as setting. */
  const sound = `
  do $$ begin
    execute format('revoke connect, temporary on database %I from public', current_database());
    execute format('grant connect on database %I to ${role}', current_database());
    execute (select string_agg(format('revoke execute on function %s from public', oid::regprocedure), '; ') from pg_proc
      where pronamespace = 'pg_catalog'::regnamespace and proname ~ '^(lo_.*|loread|lowrite)$');
  end $$;
  revoke create on schema public from public;
  create schema crm; grant usage on schema crm to ${role}; create extension citext schema crm;
  ${currentOrg('current_org', 'stable set search_path = pg_catalog')}
  create table crm.countries (code text primary key); grant select on crm.countries to ${role};
  ${table('sound')}
  ${table('child', ', sound_id bigint', 'primary key (org_id, id), foreign key (org_id, sound_id) references crm.sound')}
  create index on crm.child (org_id, sound_id);
  create table crm.events (org_id uuid not null default crm.current_org(), id bigint, primary key (org_id, id))
    partition by hash (org_id);
  create table crm.events_0 partition of crm.events for values with (modulus 1, remainder 0);
  alter table crm.events enable row level security; alter table crm.events force row level security;
  create policy own on crm.events using ${tenant};
  create policy restrictive on crm.events as restrictive using ${tenant};
  grant select, insert on crm.events to ${role};
  create view crm.notes with (security_invoker = true) as select note from crm.sound; grant select on crm.notes to ${role};
  ${table('narrowed')}
  alter policy own on crm.narrowed using (${tenant} and note is distinct from 'x OR y');
  ${table('by_command')}
  drop policy own on crm.by_command;
  create policy a on crm.by_command for select using ${tenant};
  create policy b on crm.by_command for insert with check ${tenant};
  create policy c on crm.by_command for update using (((select crm.current_org()) = org_id)) with check ${tenant};`

  return { role, tenant, table, currentOrg, soundRole, sound }
}
export type ThirdPartyDatabase = ReturnType<typeof thirdPartyDatabase>

/** The problem of a policy that does not limit rows to the tenant. */
export const policyText = (name: string, clause: string): string =>
  `its policy ${name} does not limit rows to the tenant: ${clause}`
