/** Whether the session may read what tenancy.audit() and tenancy.trash() were told: a plain table, which runs no code of the database. */
export const isToldQuery = `exists (
  select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = 'tenancy' and c.relname = 'recorded_tables' and c.relkind = 'r' and not c.relrowsecurity
    and pg_catalog.has_schema_privilege(n.oid, 'USAGE') and pg_catalog.has_table_privilege(c.oid, 'SELECT'))`

/**
 * For a WITH clause after the tables: `recording_triggers` (triggers that call a function of the kit, or have the name of one that does)
 * and `recording` (what tenancy.audit() and tenancy.trash() were told of each table, and whether it has their triggers).
 *
 * @param isTold whether the session may read tenancy.recorded_tables; if not, the triggers alone say what they were told
 */
export const recordingQuery = (isTold: boolean): string => `
recording_triggers as (
  select g.tgrelid, g.tgname::text, g.tgtype, g.tgparentid, g.tgenabled in ('O', 'A') as runs,
    g.tgqual is null and g.tgattr::text = '' and g.tgconstraint = 0 as is_plain,
    format('%I.%I', n.nspname, p.proname) as calls,
    -- Each argument ends with a zero byte.
    array(
      select convert_from(decode(replace(one, ' ', ''), 'hex'), getdatabaseencoding())
      from string_to_table(regexp_replace(encode(g.tgargs, 'hex'), '(..)', '\\1 ', 'g'), '00 ') with ordinality as u (one, place)
      where place <= g.tgnargs order by place) as arguments
  from pg_trigger g join pg_proc p on p.oid = g.tgfoid join pg_namespace n on n.oid = p.pronamespace
  where n.nspname = 'tenancy' or g.tgname in ('record_change', 'begin_batch', 'keep_deleted')
), recording as (
  select r.oid, r.name, has.audit as has_audit, has.trash as has_trash, ${isTold ? told : 'has.audit, has.trash, null as redact, null as ignore'}
  from relations r join pg_class c on c.oid = r.oid join pg_namespace n on n.oid = c.relnamespace${isTold ? joined : ''},
  lateral (
    select count(*) filter (where calls = 'tenancy.record_change') > 0, count(*) filter (where calls = 'tenancy.keep_deleted') > 0
    from recording_triggers where tgrelid = r.oid and tgparentid = 0) as has (audit, trash)
  where r.relkind in ('r', 'p') and not r.recorded
)`

const told =
  'coalesce(d.audit, false) as audit, coalesce(d.trash, false) as trash, d.redact::text as redact, d.ignore::text as ignore'
const joined = `
  left join tenancy.recorded_tables d
    on d.relation = case nspname when 'public' then c.relname::text else nspname || '.' || c.relname end`
