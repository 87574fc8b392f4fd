import type { Fault, ThirdPartyDatabase } from '../third-party-database.ts'

/** Less common ways to bypass policies. */
export const detours = ({ role, table }: ThirdPartyDatabase): Record<string, Fault> => ({
  'a writable shared table that cascades': {
    sql: `create table crm.tags (id int primary key); grant select, delete on crm.tags to ${role};
      ${table('tagged', ', tag int')}
      alter table crm.tagged add constraint tagged_tag foreign key (tag) references crm.tags on delete cascade`,
    finds: [
      ['shared-writable', 'crm.tags', 'all tenants share it, and the serving role may write to it'],
      [
        'foreign-key-cascade',
        'crm.tagged',
        'foreign key tagged_tag cascades a change of crm.tags to the rows of every tenant',
      ],
    ],
  },
  'an inheritance parent without a tenant column': {
    sql: `create table crm.base (note text); grant select on crm.base to ${role};
      ${table('inheriting')} alter table crm.inheriting inherit crm.base`,
    finds: [
      ['reachable-without-tenant', 'crm.base', 'the serving role can reach it, and it has no tenant column'],
      [
        'parent-without-tenant',
        'crm.base',
        'a query of it returns the rows of crm.inheriting and does not apply their policies',
      ],
    ],
  },
  'a view in a schema without USAGE': {
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
  'an exclusion constraint on other tenants': {
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
        'it is LEAKPROOF, so PostgreSQL runs it on rows before the policy hides them',
      ],
    ],
  },
  'a server function under another name': {
    sql: `create function crm.read_all(text) returns text language internal as 'pg_read_file_all'`,
    finds: [['untrusted-language', 'crm.read_all(text)', 'it is written in internal, an untrusted language']],
  },
  'a view of an extension': {
    sql: `create view crm.extended as select note from crm.sound; grant select on crm.extended to ${role};
      alter extension btree_gist add view crm.extended`,
    finds: [['view', 'crm.extended', "the view runs with its owner's rights"]],
  },
  'a column that PUBLIC may read': {
    sql: `${table('opened')} grant select (note) on crm.opened to public`,
    finds: [['public-privileges', 'crm.opened', 'PUBLIC has SELECT']],
  },
  'a trigger that sets the tenant': {
    sql: `create function crm.becoming() returns trigger language plpgsql set search_path = pg_catalog
        as $$ begin perform set_config('crm.org', '', true); return new; end $$;
      ${table('becoming')} create trigger becomes after insert on crm.becoming for each row execute function crm.becoming()`,
    finds: [['trigger-sets-tenant', 'crm.becoming', 'its trigger becomes calls set_config']],
  },
})
