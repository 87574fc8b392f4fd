/** A fault in somebody else's database, and what the doctor must say of it: nothing less and nothing more. */
export interface Fault {
  /** Run as a superuser. Each fault has a table of its own, so that none hides another. */
  sql: string
  finds: [check: string, object: string, problem: string][]
}

/** What the whole one shares on purpose. */
export const shared = ['crm.countries', 'crm.tags']

/** Somebody else's database, whole and with faults, served by a role: roles belong to the whole server. */
export function somebodyElses(role: string) {
  const tenant = '(org_id = (select crm.current_org()))'

  /** A sound table of a schema that has never heard of us: other schema, column, function, setting and role. */
  const table = (name: string, more = '', key = 'primary key (org_id, id)') => `
  create table crm.${name} (
    org_id uuid not null default crm.current_org(), id bigint not null, created_at timestamptz default now(),
    note text${more}${key && `, ${key}`});
  alter table crm.${name} enable row level security;
  alter table crm.${name} force row level security;
  create policy own on crm.${name} using ${tenant} with check ${tenant};
  create policy fence on crm.${name} as restrictive using ${tenant} with check ${tenant};
  grant select, insert, delete, update (note) on crm.${name} to ${role};`

  const currentOrg = (name: string, how: string) => `
  create function crm.${name}() returns uuid language sql ${how}
  as $$ select nullif(current_setting('crm.org', true), '')::uuid $$;`

  /** The role, which belongs to the whole server. */
  const soundRole = `
  create role ${role} login password 'x' connection limit 50;
  alter role ${role} set statement_timeout = '10s';
  alter role ${role} set lock_timeout = '5s';
  alter role ${role} set idle_in_transaction_session_timeout = '15s';
  do $$ begin
    if current_setting('server_version_num')::int >= 170000 then alter role ${role} set transaction_timeout = '30s'; end if;
  end $$;`

  /** A sound database for it: in the schema `crm` whoever's `org_id` is the setting `crm.org`. */
  const sound = `
  do $$ begin
    execute format('revoke temporary on database %I from public', current_database());
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
  create view crm.notes with (security_invoker = true) as select note from crm.sound; grant select on crm.notes to ${role};
  ${table('narrowed')}
  alter policy own on crm.narrowed using (${tenant} and note is distinct from 'x OR y');
  ${table('by_command')}
  drop policy own on crm.by_command;
  create policy a on crm.by_command for select using ${tenant};
  create policy b on crm.by_command for insert with check ${tenant};
  create policy c on crm.by_command for update using (((select crm.current_org()) = org_id)) with check ${tenant};`

  const policyText = (name: string, clause: string) =>
    `its policy ${name} does not read as a tenant policy must: ${clause}`

  const faults: Record<string, Fault> = {
    'a number that counts on for all': {
      sql: table('counted_on', ', number int generated always as identity'),
      finds: [['identity-column', 'crm.counted_on', 'its column number counts on for all tenants']],
    },
    'the role may make databases': {
      sql: `alter role ${role} createdb`,
      finds: [['role-attributes', role, 'the serving role has CREATEDB']],
    },
    'the role may make roles': {
      sql: `alter role ${role} createrole`,
      finds: [['role-attributes', role, 'the serving role has CREATEROLE']],
    },
    'the role bypasses row security': {
      sql: `alter role ${role} bypassrls`,
      finds: [['role-attributes', role, 'the serving role has BYPASSRLS']],
    },
    'the role may replicate': {
      sql: `alter role ${role} replication`,
      finds: [['role-attributes', role, 'the serving role has REPLICATION']],
    },
    'a mighty membership': {
      sql: `grant pg_read_all_stats to ${role}`,
      finds: [['role-membership', role, 'the serving role is a member of pg_read_all_stats']],
    },
    'a group': {
      sql: `create role ${role}_group; grant ${role}_group to ${role}`,
      finds: [['role-group', role, `the serving role is a member of ${role}_group, whose privileges it shares`]],
    },
    'a table of the role': {
      sql: `${table('owned')} alter table crm.owned owner to ${role}`,
      finds: [['role-owns', role, 'the serving role owns table crm.owned']],
    },
    'temporary tables': {
      sql: `do $$ begin execute format('grant temporary on database %I to public', current_database()); end $$`,
      finds: [['database-privileges', 'database', 'the serving role has TEMPORARY']],
    },
    'new schemas': {
      sql: `do $$ begin execute format('grant create on database %I to ${role}', current_database()); end $$`,
      finds: [['database-privileges', 'database', 'the serving role has CREATE']],
    },
    'objects of its own': {
      sql: 'grant create on schema public to public',
      finds: [['schema-create', 'public', 'the serving role may create objects in this schema']],
    },
    TRUNCATE: {
      sql: `${table('truncated')} grant truncate on crm.truncated to ${role}_group`,
      finds: [['table-privileges', 'crm.truncated', 'the serving role has TRUNCATE']],
    },
    TRIGGER: {
      sql: `${table('triggered')} grant trigger on crm.triggered to ${role}`,
      finds: [['table-privileges', 'crm.triggered', 'the serving role has TRIGGER']],
    },
    REFERENCES: {
      sql: `${table('referenced')} grant references (id) on crm.referenced to ${role}`,
      finds: [['references-privilege', 'crm.referenced', 'the serving role has REFERENCES']],
    },
    'a grant option': {
      sql: `${table('passed_on')} grant select on crm.passed_on to ${role} with grant option`,
      finds: [['grant-option', 'crm.passed_on', 'the serving role may pass on SELECT']],
    },
    'a grant to everybody': {
      sql: `${table('everybodys')} grant select on crm.everybodys to public`,
      finds: [['public-privileges', 'crm.everybodys', 'every role has SELECT']],
    },
    'UPDATE of the tenant column': {
      sql: `${table('moved')} grant update (org_id) on crm.moved to ${role}`,
      finds: [['tenant-update', 'crm.moved', 'the serving role may update org_id']],
    },
    'UPDATE of the id': {
      sql: `${table('renamed')} grant update (id) on crm.renamed to ${role}`,
      finds: [['identity-update', 'crm.renamed', 'the serving role may update id']],
    },
    'default privileges of a schema': {
      sql: `alter default privileges in schema crm grant select, insert on tables to ${role}`,
      finds: [
        ['default-privileges', 'schema crm', `tables that postgres makes are granted to ${role}: INSERT, SELECT`],
      ],
    },
    'default privileges of the database': {
      sql: 'alter default privileges grant usage on sequences to public',
      finds: [['default-privileges', 'database', 'sequences that postgres makes are granted to public: USAGE']],
    },
    'a parameter of superusers': {
      sql: `grant set on parameter session_replication_role to ${role}`,
      finds: [
        ['parameter-privileges', 'session_replication_role', 'the serving role has SET on this server parameter'],
      ],
    },
    'statistics of all tenants': {
      sql: `grant select on pg_statistic to ${role}`,
      finds: [['system-tables', 'pg_statistic', 'the serving role can read this system table']],
    },
    'files of the server': {
      sql: `grant execute on function pg_read_file(text) to ${role}`,
      finds: [['system-functions', 'pg_read_file(text)', 'the serving role may reach files of the server']],
    },
    'row security off': {
      sql: `${table('off')} alter table crm.off disable row level security`,
      finds: [['row-security-enabled', 'crm.off', 'row security is not enabled']],
    },
    'row security not forced': {
      sql: `${table('unforced')} alter table crm.unforced no force row level security`,
      finds: [['row-security-forced', 'crm.unforced', 'row security is not forced on its owner']],
    },
    'a tenant that may be null': {
      sql: `${table('nullable', '', 'unique (org_id, id)')} alter table crm.nullable alter column org_id drop not null`,
      finds: [['tenant-not-null', 'crm.nullable', 'its tenant column may be null']],
    },
    'a tenant of text': {
      sql: `
      create table crm.texts (org_id text not null default (crm.current_org())::text, id int, primary key (org_id, id));
      alter table crm.texts enable row level security; alter table crm.texts force row level security;
      create policy own on crm.texts using (org_id = (select crm.current_org()::text));
      create policy fence on crm.texts as restrictive using (org_id = (select crm.current_org()::text))`,
      finds: [['tenant-type', 'crm.texts', 'its tenant column is text and not uuid']],
    },
    'a tenant that the caller writes': {
      sql: `${table('undefaulted')} alter table crm.undefaulted alter column org_id drop default`,
      finds: [['tenant-default', 'crm.undefaulted', 'its tenant column is not written by the database']],
    },
    'a table without a tenant': {
      sql: `create table crm.settings (name text); grant select (name) on crm.settings to ${role}`,
      finds: [
        ['reachable-without-tenant', 'crm.settings', 'the serving role can reach it, and it has no tenant column'],
      ],
    },
    'a sequence': {
      sql: `create sequence crm.invoice_numbers; grant usage on sequence crm.invoice_numbers to ${role}`,
      finds: [['sequence', 'crm.invoice_numbers', 'the serving role can read a sequence that all tenants move']],
    },
    'no policy for the role': {
      sql: `${table('closed')} drop policy own on crm.closed`,
      finds: [['policy-missing', 'crm.closed', 'it has no tenant policy']],
    },
    'no fence': {
      sql: `${table('fenceless')} drop policy fence on crm.fenceless`,
      finds: [['fence-missing', 'crm.fenceless', 'it has no restrictive fence']],
    },
    'a fence that checks writes alone': {
      sql: `${table('half_fenced')} drop policy fence on crm.half_fenced;
      create policy fence on crm.half_fenced as restrictive with check ${tenant}`,
      finds: [['fence-missing', 'crm.half_fenced', 'it has no restrictive fence']],
    },
    'USING (true), with a row in the table': {
      sql: `${table('open')} insert into crm.open (org_id, id) values (gen_random_uuid(), 1);
      alter policy own on crm.open using (true); alter policy fence on crm.open using (true)`,
      finds: [
        ['policy-text', 'crm.open', policyText('own', 'using true')],
        ['fence-missing', 'crm.open', 'it has no restrictive fence'],
        ['rows-without-tenant', 'crm.open', 'it shows rows without a tenant'],
      ],
    },
    'WITH CHECK (true)': {
      sql: `${table('unchecked')} alter policy own on crm.unchecked with check (true)`,
      finds: [['policy-text', 'crm.unchecked', policyText('own', 'with check true')]],
    },
    'a policy with a way out': {
      sql: `${table('either')} alter policy own on crm.either using (${tenant} or note = 'public')`,
      finds: [
        [
          'policy-text',
          'crm.either',
          policyText('own', `using ((org_id = ( SELECT crm.current_org() AS current_org)) OR (note = 'public'::text))`),
        ],
      ],
    },
    'a tenant compared with itself': {
      sql: `${table('mirrored')} alter policy own on crm.mirrored using (org_id = org_id)`,
      finds: [['policy-text', 'crm.mirrored', policyText('own', 'using (org_id = org_id)')]],
    },
    'another tenant’s setting': {
      sql: `${table('elsewhere')} alter policy own on crm.elsewhere using (org_id = current_setting('crm.other')::uuid)`,
      finds: [
        [
          'policy-text',
          'crm.elsewhere',
          policyText('own', `using (org_id = (current_setting('crm.other'::text))::uuid)`),
        ],
      ],
    },
    'a second policy that opens all': {
      sql: `${table('sloppy')} create policy support on crm.sloppy for select using (true)`,
      finds: [
        ['policy-text', 'crm.sloppy', policyText('support', 'using true')],
        [
          'policy-several',
          'crm.sloppy',
          'it has more than one permissive policy for SELECT, and they are ORed: own, support',
        ],
      ],
    },
    'a second policy that says the same': {
      sql: `${table('twice')} create policy "again, please" on crm.twice for delete using ${tenant}`,
      finds: [
        [
          'policy-several',
          'crm.twice',
          'it has more than one permissive policy for DELETE, and they are ORed: own, "again, please"',
        ],
      ],
    },
    'a policy for another role': {
      sql: `${table('reported')} create policy reports on crm.reported for select to pg_monitor using (true)`,
      finds: [['policy-other-role', 'crm.reported', 'its policy reports opens it to another role']],
    },
    'a policy that asks once a row': {
      sql: `${table('slow')} alter policy own on crm.slow using (org_id = crm.current_org())`,
      finds: [['policy-once', 'crm.slow', 'its policy own asks for the tenant once a row, in using']],
    },
    'a unique key of all tenants': {
      sql: `${table('unique_notes')} create unique index unique_note on crm.unique_notes (note)`,
      finds: [['key-without-tenant', 'crm.unique_notes', 'crm.unique_note does not begin with org_id']],
    },
    'a primary key of all tenants': {
      sql: `${table('numbered', '', 'primary key (id)')} create index on crm.numbered (org_id)`,
      finds: [['key-without-tenant', 'crm.numbered', 'crm.numbered_pkey does not begin with org_id']],
    },
    'an exclusion of all tenants': {
      sql: `${table('booked', ', during int4range')} alter table crm.booked add constraint once exclude using gist (during with &&)`,
      finds: [
        ['key-without-tenant', 'crm.booked', 'crm.once does not begin with org_id'],
        ['index-operator', 'crm.booked', 'crm.once has an operator that row security keeps from using it'],
      ],
    },
    'an index without the tenant': {
      sql: `${table('indexed')} create index notes_only on crm.indexed (note)`,
      finds: [['index-without-tenant', 'crm.indexed', 'crm.notes_only does not begin with org_id']],
    },
    'no index at all': {
      sql: table('unindexed', '', ''),
      finds: [
        ['no-tenant-index', 'crm.unindexed', "no index begins with org_id: every query reads every tenant's rows"],
      ],
    },
    'a foreign key without the tenant': {
      sql: `${table('parent', '', 'primary key (org_id, id)')} create unique index parent_ids on crm.parent (id);
      ${table('lax')} alter table crm.lax add constraint lax_parent foreign key (id) references crm.parent (id)`,
      finds: [
        ['key-without-tenant', 'crm.parent', 'crm.parent_ids does not begin with org_id'],
        ['foreign-key-without-tenant', 'crm.lax', 'foreign key lax_parent leaves the tenant out'],
      ],
    },
    'a foreign key that nulls the tenant': {
      sql: `${table('nulled')} alter table crm.nulled add constraint nulls foreign key (org_id, id) references crm.sound on delete set null`,
      finds: [['foreign-key-resets-tenant', 'crm.nulled', 'foreign key nulls could null or reset the tenant']],
    },
    'a foreign key that older rows escaped': {
      sql: `${table('unproven')} alter table crm.unproven add constraint later foreign key (org_id, id) references crm.sound not valid`,
      finds: [['foreign-key-not-validated', 'crm.unproven', 'foreign key later was never checked against older rows']],
    },
    'a foreign key that is switched off': {
      sql: `${table('unenforced')} alter table crm.unenforced add constraint idle foreign key (org_id, id) references crm.sound;
      alter table crm.unenforced disable trigger all`,
      finds: [['foreign-key-not-enforced', 'crm.unenforced', 'foreign key idle is not enforced']],
    },
    'an IMMUTABLE, careless function in a policy': {
      sql: `create function crm.frozen_org() returns uuid language sql immutable
        as $$ select current_setting('crm.org', true)::uuid $$;
      ${table('frozen')} alter policy own on crm.frozen using (org_id = (select crm.frozen_org()))`,
      finds: [
        ['policy-function-immutable', 'crm.frozen_org()', 'it must be STABLE: a plan would keep the first tenant'],
        [
          'policy-function-search-path',
          'crm.frozen_org()',
          'its names are looked up in whatever search_path the session has',
        ],
        [
          'policy-function-empty',
          'crm.frozen_org()',
          'it does not handle the empty setting that a transaction leaves behind',
        ],
        ['policy-text', 'crm.frozen', policyText('own', 'using (org_id = ( SELECT crm.frozen_org() AS frozen_org))')],
      ],
    },
    'a VOLATILE function in a policy': {
      sql: `${currentOrg('restless_org', 'volatile set search_path = pg_catalog')}
      ${table('restless')} alter policy own on crm.restless using (${tenant} and org_id = crm.restless_org())`,
      finds: [['policy-function-volatile', 'crm.restless_org()', 'it is VOLATILE, so that no index serves the policy']],
    },
    'a LEAKPROOF function': {
      sql: `create function crm.blab(text) returns boolean language sql leakproof as 'select true'`,
      finds: [
        ['leakproof-function', 'crm.blab(text)', 'it is LEAKPROOF: it is run on rows before the policy hides them'],
      ],
    },
    'a SECURITY DEFINER function': {
      sql: `create function crm.peek() returns bigint language sql security definer as 'select count(*) from crm.sound'`,
      finds: [['security-definer', 'crm.peek()', "a SECURITY DEFINER function runs with its owner's rights"]],
    },
    'a SECURITY DEFINER trigger': {
      sql: `create function crm.copied() returns trigger language plpgsql security definer as 'begin return new; end';
      ${table('copied')} create trigger copies after insert on crm.copied for each row execute function crm.copied()`,
      finds: [['trigger', 'crm.copied', 'its trigger copies runs a SECURITY DEFINER function']],
    },
    'an untrusted language': {
      sql: `create language shady handler plpgsql_call_handler;
      create function crm.reach_out() returns void language shady as 'begin end'`,
      finds: [['untrusted-language', 'crm.reach_out()', 'it is written in shady, which reaches round the database']],
    },
    'an extension that reaches out': {
      sql: 'create schema extensions; create extension dblink schema extensions',
      finds: [['extension', 'dblink', 'the serving role may execute its functions, and they reach round row security']],
    },
    'a view with its owner’s rights': {
      sql: `create view crm.all_notes as select note from crm.sound; grant select on crm.all_notes to ${role}`,
      finds: [['view', 'crm.all_notes', "the view runs with its owner's rights"]],
    },
    'a materialized view': {
      sql: `create materialized view crm.counted as select count(*) from crm.sound; grant select on crm.counted to ${role}`,
      finds: [['without-row-security', 'crm.counted', 'a materialized view has no row security']],
    },
    'a foreign table': {
      sql: `create foreign data wrapper nowhere; create server nowhere foreign data wrapper nowhere;
      create foreign table crm.remote (org_id uuid) server nowhere; grant select on crm.remote to ${role}`,
      finds: [['without-row-security', 'crm.remote', 'a foreign table has no row security']],
    },
    'a rewrite rule': {
      sql: `${table('ruled')} create rule spreads as on insert to crm.ruled do also notify x`,
      finds: [['rule', 'crm.ruled', "its rule spreads runs with its owner's rights"]],
    },
    'large objects': {
      sql: `grant execute on function lo_create(oid) to ${role}`,
      finds: [['large-objects', 'large objects', 'they are one room for all tenants']],
    },
    'an index of an enum': {
      sql: `create type crm.state as enum ('on', 'off'); ${table('states', ', state crm.state')}
      create index states_idx on crm.states (org_id, state)`,
      finds: [['index-operator', 'crm.states', 'crm.states_idx has an operator that row security keeps from using it']],
    },
    'an index on a function': {
      sql: `${table('lowered')} create index lowered_idx on crm.lowered (org_id, lower(note))`,
      finds: [
        ['index-expression', 'crm.lowered', 'crm.lowered_idx is on lower(), which row security keeps from using it'],
      ],
    },
    'a preset tenant': {
      sql: `do $$ begin
      execute format('alter database %I set crm.org = %L', current_database(), '5e6b1b0c-8f1e-4f6e-9b39-0f3f4d8b8f11'); end $$`,
      finds: [
        ['preset', 'database', 'it presets crm.org=5e6b1b0c-8f1e-4f6e-9b39-0f3f4d8b8f11'],
        ['tenant-at-start', 'session', 'a tenant is set before any was asked for'],
      ],
    },
    'row security preset for the role': {
      sql: `alter role ${role} set row_security = on`,
      finds: [['preset', role, 'it presets row_security=on']],
    },
    'a time limit that is none': {
      sql: `alter role ${role} set statement_timeout = 0`,
      finds: [['timeout', role, 'the serving role has no default for statement_timeout']],
    },
    'a time limit that is missing': {
      sql: `alter role ${role} reset lock_timeout`,
      finds: [['timeout', role, 'the serving role has no default for lock_timeout']],
    },
    'no connection limit': {
      sql: `alter role ${role} connection limit -1`,
      finds: [['connection-limit', role, 'the serving role has no connection limit']],
    },
    'a shared table that is written, and cascades': {
      sql: `create table crm.tags (id int primary key); grant select, delete on crm.tags to ${role};
      ${table('tagged', ', tag int')}
      alter table crm.tagged add constraint tagged_tag foreign key (tag) references crm.tags on delete cascade`,
      finds: [
        ['shared-writable', 'crm.tags', 'tenants share it, and the serving role may write to it'],
        [
          'foreign-key-cascade',
          'crm.tagged',
          "foreign key tagged_tag lets a change of crm.tags reach every tenant's rows",
        ],
      ],
    },
    'a parent of tables of tenants': {
      sql: `create table crm.base (note text); grant select on crm.base to ${role};
      ${table('inheriting')} alter table crm.inheriting inherit crm.base`,
      finds: [
        ['reachable-without-tenant', 'crm.base', 'the serving role can reach it, and it has no tenant column'],
        ['parent-of-tenants', 'crm.base', 'what is asked of it shows the rows of crm.inheriting, past its policies'],
      ],
    },
    'a view that a view without USAGE reaches': {
      sql: `create schema hidden; create view hidden.all_notes as select note from crm.sound;
      grant select on hidden.all_notes to ${role}`,
      finds: [['view', 'hidden.all_notes', "the view runs with its owner's rights"]],
    },
    'a SECURITY DEFINER trigger of a view': {
      sql: `create view crm.writing with (security_invoker = true) as select note from crm.sound;
      grant select, insert on crm.writing to ${role};
      create trigger writes instead of insert on crm.writing for each row execute function crm.copied()`,
      finds: [['trigger', 'crm.writing', 'its trigger writes runs a SECURITY DEFINER function']],
    },
    'an aggregate of a SECURITY DEFINER function': {
      sql: `create function crm.add(bigint, int) returns bigint language sql security definer
        as 'select $1 + count(*) from crm.sound';
      revoke execute on function crm.add from public;
      create aggregate crm.peek_at(int) (sfunc = crm.add, stype = bigint, initcond = '0')`,
      finds: [['security-definer', 'crm.peek_at(integer)', "a SECURITY DEFINER function runs with its owner's rights"]],
    },
    'an exclusion of every other tenant': {
      sql: `create extension btree_gist schema extensions; ${table('rooms', ', room text')}
      alter table crm.rooms add constraint others exclude using gist (org_id with <>, room with =)`,
      finds: [['key-without-tenant', 'crm.rooms', 'crm.others does not begin with org_id']],
    },
    'a built-in function that is made LEAKPROOF': {
      sql: 'alter function pg_catalog.int48div(int, bigint) leakproof',
      finds: [
        [
          'leakproof-function',
          'int48div(integer,bigint)',
          'it is LEAKPROOF: it is run on rows before the policy hides them',
        ],
      ],
    },
    'a function of the server by another name': {
      sql: `create function crm.read_all(text) returns text language internal as 'pg_read_file_all'`,
      finds: [
        ['untrusted-language', 'crm.read_all(text)', 'it is written in internal, which reaches round the database'],
      ],
    },
    'a view of an extension': {
      sql: `create view crm.extended as select note from crm.sound; grant select on crm.extended to ${role};
      alter extension btree_gist add view crm.extended`,
      finds: [['view', 'crm.extended', "the view runs with its owner's rights"]],
    },
    'a column of everybody’s': {
      sql: `${table('opened')} grant select (note) on crm.opened to public`,
      finds: [['public-privileges', 'crm.opened', 'every role has SELECT']],
    },
    'a trigger that sets the tenant': {
      sql: `create function crm.becoming() returns trigger language plpgsql set search_path = pg_catalog
        as $$ begin perform set_config('crm.org', '', true); return new; end $$;
      ${table('becoming')} create trigger becomes after insert on crm.becoming for each row execute function crm.becoming()`,
      finds: [['trigger-sets-tenant', 'crm.becoming', 'its trigger becomes calls set_config']],
    },
  }

  return { soundRole, sound, faults }
}
