import { type Fault, policyText, type ThirdPartyDatabase } from '../third-party-database.ts'

/** Functions, triggers and views. */
export const functions = ({ role, tenant, table, currentOrg }: ThirdPartyDatabase): Record<string, Fault> => ({
  'an IMMUTABLE function without nullif in a policy': {
    sql: `create function crm.frozen_org() returns uuid language sql immutable
        as $$ select current_setting('crm.org', true)::uuid $$;
      ${table('frozen')} alter policy own on crm.frozen using (org_id = (select crm.frozen_org()))`,
    finds: [
      ['policy-function-immutable', 'crm.frozen_org()', 'it is IMMUTABLE, so a prepared plan keeps the first tenant'],
      [
        'policy-function-search-path',
        'crm.frozen_org()',
        'it has no search_path of its own, so the session decides what its names mean',
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
    finds: [['policy-function-volatile', 'crm.restless_org()', 'it is VOLATILE, so no index serves the policy']],
  },
  'a LEAKPROOF function': {
    sql: `create function crm.blab(text) returns boolean language sql leakproof as 'select true'`,
    finds: [
      [
        'leakproof-function',
        'crm.blab(text)',
        'it is LEAKPROOF, so PostgreSQL runs it on rows before the policy hides them',
      ],
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
    finds: [['untrusted-language', 'crm.reach_out()', 'it is written in shady, an untrusted language']],
  },
  'an extension that bypasses row-level security': {
    sql: 'create schema extensions; create extension dblink schema extensions',
    finds: [['extension', 'dblink', 'the serving role may execute its functions, which bypass row-level security']],
  },
  'a view with its owner’s rights': {
    sql: `create view crm.all_notes as select note from crm.sound; grant select on crm.all_notes to ${role}`,
    finds: [['view', 'crm.all_notes', "the view runs with its owner's rights"]],
  },
  'a materialized view': {
    sql: `create materialized view crm.counted as select count(*) from crm.sound; grant select on crm.counted to ${role}`,
    finds: [['without-row-security', 'crm.counted', 'a materialized view has no row-level security']],
  },
  'a foreign table': {
    sql: `create foreign data wrapper nowhere; create server nowhere foreign data wrapper nowhere;
      create foreign table crm.remote (org_id uuid) server nowhere; grant select on crm.remote to ${role}`,
    finds: [['without-row-security', 'crm.remote', 'a foreign table has no row-level security']],
  },
  'a rewrite rule': {
    sql: `${table('ruled')} create rule spreads as on insert to crm.ruled do also notify x`,
    finds: [['rule', 'crm.ruled', "its rule spreads runs with its owner's rights"]],
  },
  'large objects': {
    sql: `grant execute on function lo_create(oid) to ${role}`,
    finds: [['large-objects', 'large objects', 'all tenants share them']],
  },
  'an index of an enum': {
    sql: `create type crm.state as enum ('on', 'off'); ${table('states', ', state crm.state')}
      create index states_idx on crm.states (org_id, state)`,
    finds: [
      [
        'index-operator',
        'crm.states',
        'crm.states_idx has an operator that is not LEAKPROOF, so queries under row-level security cannot use it',
      ],
    ],
  },
  'an index on a function': {
    sql: `${table('lowered')} create index lowered_idx on crm.lowered (org_id, lower(note))`,
    finds: [
      [
        'index-expression',
        'crm.lowered',
        'crm.lowered_idx is on lower(), which is not LEAKPROOF, so queries under row-level security cannot use it',
      ],
    ],
  },
})
