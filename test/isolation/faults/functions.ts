import { type Fault, policyText, type SomebodyElses } from '../somebody-elses.ts'

/** Functions, triggers, views and what they reach. */
export const functions = ({ role, tenant, table, currentOrg }: SomebodyElses): Record<string, Fault> => ({
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
  'an unverified language': {
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
})
