import type { CatalogueCheck } from '../finding.ts'
import { isOurs } from '../our-functions.ts'
import { aclOf, parameters, revoke } from '../tables-query.ts'

const { role, tenantColumn } = parameters

/**
 * The flaw of each trigger that a table should have.
 *
 * @param made the function that makes the triggers
 * @param wanted a query of `oid, name, tgname, tgtype, calls, arguments, remedy`; a null among the arguments is not compared, and '*' is any one
 */
const flaws = (made: string, wanted: string): string => `
  select wanted.name, problem, remedy
  from (${wanted}) as wanted
  left join recording_triggers g on g.tgrelid = wanted.oid and g.tgname = wanted.tgname,
  lateral (select case
    when g.tgname is null then format('its trigger %I is missing', wanted.tgname)
    when not g.runs then format('its trigger %I is disabled', wanted.tgname)
    when g.calls <> wanted.calls then format('its trigger %I calls %s', wanted.tgname, g.calls)
    when g.tgtype <> wanted.tgtype or not g.is_plain then format('its trigger %I does not run at every change', wanted.tgname)
    when exists (
      select from unnest(g.arguments, wanted.arguments) as argument (present, given)
      where case given when '*' then present is null else present <> given or given is not null and present is null end)
    then format('its trigger %I has other arguments than ${made} gives it', wanted.tgname) end) as flaw (problem)
  where problem is not null
  union all
  -- A partition has the triggers of its table, where they can be disabled alone.
  select part.oid::regclass::text, format('its trigger %I is disabled', g.tgname),
    format('alter table %s enable trigger %I;', part.oid::regclass, g.tgname)
  from recording_triggers g join pg_class part on part.oid = g.tgrelid
  where g.tgparentid <> 0 and not g.runs and g.calls in (select calls from (${wanted}) as wanted)`

/** A trigger that the function which makes it was not told of. */
const untold = (made: 'audit' | 'trash', trigger: string): string => `
  union all
  select name, 'it has the trigger ${trigger}, and tenancy.${made}() was not told so', format('select tenancy.stop_${made}(%L);', name)
  from recording where has_${made} and not ${made}`

/** A function of such triggers that does not write as the recorder what Rowhouse's own function writes. */
const changed = (...functions: string[]): string => `
  union all
  select p.oid::regprocedure::text, problem, 'Run "rowhouse migrate" as the owner of the database: it installs the function again.'
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace and n.nspname = 'tenancy', lateral (select case
    when not p.prosecdef then 'it is a trigger that runs with the rights of who writes'
    when p.proowner not in (select oid from recorders) then 'it is a trigger that does not run as the recorder'
    when (${isOurs('p')}) is not true then 'it is a trigger, and its body is not the one that Rowhouse installs' end) as flaw (problem)
  where p.proname in (${functions.map((name) => `'${name}'`).join(', ')}) and p.pronargs = 0 and problem is not null
    and exists (select from recording_triggers where calls = 'tenancy.' || p.proname)`

const audited = `
  select oid, name, 'record_change' as tgname, 29 as tgtype, 'tenancy.record_change' as calls,
    -- The roles and the columns of the table decide the others.
    array[null, null, ${tenantColumn}::text, null, case when ignore is not null then (ignore::text[] || ${tenantColumn}::text)::text end, redact]
      || case when redact <> '{}' then '{*,*}'::text[] end as arguments,
    case when redact is null then 'Run "rowhouse migrate" as the owner of the database.'
      else format('select tenancy.audit(%L, redact => %L, ignore => %L, tenant_column => %L);', name, redact, ignore, ${tenantColumn}::text) end as remedy
  from recording where audit`

const withTrash = `
  select oid, name, wanted.tgname, wanted.tgtype, 'tenancy.' || wanted.calls as calls, wanted.arguments,
    format('select tenancy.trash(%L, tenant_column => %L);', name, ${tenantColumn}::text) as remedy
  from recording, lateral (
    select 'begin_batch' as tgname, 10 as tgtype, 'begin_batch' as calls, '{}'::text[] as arguments
    union all select 'keep_deleted', 9, 'keep_deleted', array[${tenantColumn}::text]
    union all select ('keep_' || conname)::name::text, 19, 'keep_reference', array[${tenantColumn}::text, null, null, conname::text]
    from pg_constraint where conrelid = recording.oid and contype = 'f' and confdeltype = 'n') as wanted
  where trash`

/** The tables of the audit trail, its partitions, also those that were detached, and the view of all. */
const trail = `
  select oid, name, relacl, relowner, name ~ '^tenancy[.]audit_entries_' as is_partition
  from relations where name ~ '^tenancy[.]audit_(entries(_|$)|queue$|trail$)'`

const writing = 'insert, update, delete, truncate, references, trigger'

/** Guarantees G39 and G40: what the database itself records is complete, and only the database writes it. */
export const recordingChecks: CatalogueCheck[] = [
  {
    check: 'audit-trigger',
    guarantee: 39,
    level: 'error',
    should:
      'Every table with an audit trail has the trigger that tenancy.audit() makes, with the arguments that it was told, and its function is the one that Rowhouse installs.',
    find: flaws('tenancy.audit()', audited) + untold('audit', 'record_change') + changed('record_change'),
  },
  {
    check: 'trash-trigger',
    guarantee: 40,
    level: 'error',
    should:
      'Every table with a trash has the triggers that tenancy.trash() makes, and their functions are those that Rowhouse installs.',
    find:
      flaws('tenancy.trash()', withTrash) + untold('trash', 'keep_deleted') + changed('keep_deleted', 'keep_reference'),
  },
  {
    check: 'audit-entries',
    guarantee: 39,
    level: 'error',
    should: 'The serving role reads the entries of the audit trail through their policies, and writes none.',
    find: `
      select name, case when writes then 'the serving role may write the audit trail'
          else 'the serving role may read a partition, which has no policies of its own' end,
        case when is_partition then ${revoke("format('revoke all on %s', name)", aclOf('trail'))}
          else ${revoke(`format('revoke ${writing} on %s', name)`, aclOf('trail'))} end
      from bound, (${trail}) as trail, lateral (
        select has_table_privilege(${role}, trail.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
          or has_any_column_privilege(${role}, trail.oid, 'INSERT, UPDATE')) as may (writes)
      where writes or (is_partition and has_any_column_privilege(${role}, trail.oid, 'SELECT'))`,
  },
  {
    check: 'audit-default-partition',
    guarantee: 39,
    level: 'warning',
    should: 'Each entry of the audit trail is in the partition of its month, so that old months can be dropped.',
    find: `
      select name, 'it has entries of months without a partition of their own',
        'Run "rowhouse worker", or "rowhouse migrate" as the owner of the database: it makes the partitions and moves the entries.'
      from relations where name = 'tenancy.audit_entries_default' and pg_relation_size(oid) > 0`,
  },
]
