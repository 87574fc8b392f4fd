import type { CatalogueCheck } from '../finding.ts'
import { aclOf, functionAcl, isInvoker, parameters, readsQuery, revoke } from '../tables-query.ts'

const { role } = parameters

/** Guarantees G15 and G17: no relation bypasses policies, and no index is disabled by them. */
export const relationChecks: CatalogueCheck[] = [
  {
    check: 'view',
    guarantee: 15,
    level: 'error',
    elsewhere: 'warning',
    elsewhereOnly: / reads no tenant table$/,
    should: 'Every view that the serving role can reach runs with the rights of the role that queries it.',
    find: `
      with recursive ${readsQuery}
      select name, 'the view runs with its owner''s rights' || case
          when reads_tenants then '' else ', and reads no tenant table' end, case
        when current_setting('server_version_num')::int >= 150000
        then format('alter view %s set (security_invoker = true);', name)
        else ${revoke("format('revoke all on %s', name)", aclOf('relations'))} end
      from bound, relations, lateral (
        select exists (select from reads join tables t on t.oid = reads.relation where reads.view = relations.oid)) as its (reads_tenants)
      where relkind = 'v' and reachable and not shared
        -- Views of extensions only when they read tenant tables.
        and (not extension or reads_tenants)
        and not ${isInvoker('relations')}`,
  },
  {
    check: 'without-row-security',
    guarantee: 15,
    level: 'error',
    should: 'The serving role cannot reach a materialized view or a foreign table: neither has row-level security.',
    find: `
      select name, case relkind when 'm' then 'a materialized view has no row-level security'
          else 'a foreign table has no row-level security' end,
        ${revoke("format('revoke all on %s', name)", aclOf('relations'), ' -- or list it as shared')}
      from bound, relations where relkind in ('m', 'f') and reachable and not shared`,
  },
  {
    check: 'rule',
    guarantee: 15,
    level: 'error',
    elsewhere: 'warning',
    should: "No relation that the serving role can reach has a rewrite rule: a rule runs with its owner's rights.",
    find: `
      select name, format('its rule %I runs with its owner''s rights', r.rulename), format('drop rule %I on %s;', r.rulename, name)
      from relations join pg_rewrite r on r.ev_class = relations.oid
      where r.rulename <> '_RETURN' and (tenant is not null or reachable) and not extension`,
  },
  {
    check: 'large-objects',
    guarantee: 15,
    level: 'warning',
    should: 'The serving role cannot create large objects: all tenants share them.',
    find: `
      select 'large objects', 'all tenants share them',
        string_agg(${revoke("format('revoke execute on function %s', p.oid::regprocedure)", functionAcl('p'))}, ' ' order by p.oid)
          || ' -- as a superuser'
      from bound, pg_proc p
      where p.pronamespace = 'pg_catalog'::regnamespace and p.proname ~ '^(lo_.*|loread|lowrite)$'
        and has_function_privilege(${role}, p.oid, 'EXECUTE')
      having count(*) > 0`,
  },
  {
    check: 'index-operator',
    guarantee: 17,
    level: 'warning',
    should:
      'The operators of every index are LEAKPROOF, so that PostgreSQL can use the index under row-level security.',
    find: `
      select t.name, format('%s has an operator that is not LEAKPROOF, so queries under row-level security cannot use it', i.indexrelid::regclass),
        'Index another type: PostgreSQL evaluates an operator that is not LEAKPROOF (numeric, enum, jsonb, array, full text) after the policy.'
      from tables t join pg_index i on i.indrelid = t.oid
      -- An array, so that PostgreSQL reads the operators once and not once an index.
      where i.indclass::oid[] && (
        select array_agg(c.oid)
        from pg_opclass c
        join pg_amop a on a.amopfamily = c.opcfamily and a.amoplefttype = c.opcintype and a.amoprighttype = c.opcintype
        join pg_operator o on o.oid = a.amopopr
        join pg_proc p on p.oid = o.oprcode
        where not p.proleakproof)`,
  },
  {
    check: 'index-expression',
    guarantee: 17,
    level: 'warning',
    should:
      'The functions of every index expression are LEAKPROOF, so that PostgreSQL can use the index under row-level security.',
    find: `
      select distinct t.name, format('%s is on %s(), which is not LEAKPROOF, so queries under row-level security cannot use it', i.indexrelid::regclass, p.proname),
        'Index a generated column: PostgreSQL evaluates a function that is not LEAKPROOF after the policy.'
      from tables t join pg_index i on i.indrelid = t.oid and not i.indisunique,
      lateral regexp_matches(i.indexprs::text, ':(?:op)?funcid (\\d+)', 'g') as called (ids)
      join pg_proc p on p.oid = called.ids[1]::oid
      where not p.proleakproof`,
  },
]
