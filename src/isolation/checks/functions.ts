import type { CatalogueCheck } from '../finding.ts'
import { isOurs } from '../our-functions.ts'
import { functionAcl, parameters, revoke } from '../tables-query.ts'

const { role, tenant, shared } = parameters

/** The start of a REVOKE for a function or procedure `p`. */
const revokeExecute = `format('revoke execute on %s %s', case p.prokind when 'p' then 'procedure' else 'function' end, p.oid::regprocedure)`

/** Guarantees G8, G14 and G15: the functions that policies call, and functions that bypass policies. */
export const functionChecks: CatalogueCheck[] = [
  {
    check: 'tenant-function',
    guarantee: 14,
    level: 'error',
    should: 'tenancy.current_tenant_id() has the body that Rowhouse installs.',
    find: `
      select 'tenancy.current_tenant_id()', coalesce(problem, 'the tenant function is missing'),
        'Run "rowhouse init" and "rowhouse migrate": sql/20-tenancy.sql creates it.'
      -- to_regprocedure() fails for a role without USAGE on the schema.
      from (select p.oid, p.proconfig, p.prosecdef, p.prosrc from (values (true)) as one
        left join (pg_proc p join pg_namespace n on n.oid = p.pronamespace and n.nspname = 'tenancy')
          on p.proname = 'current_tenant_id' and p.pronargs = 0) as p,
      lateral (values
        (p.oid is null, null),
        (pg_get_functiondef(p.oid) !~* 'nullif', 'it does not handle the empty setting that a transaction leaves behind'),
        (regexp_replace(pg_get_function_sqlbody(p.oid), '^RETURN \\((.*)\\)::(uuid|bigint)$', 'RETURN \\1') is distinct from
          'RETURN NULLIF(current_setting(''app.current_tenant''::text, true), ''''::text)' and p.oid is not null,
          'its body is not the one that Rowhouse installs'),
        (p.proconfig is not null or p.prosecdef, 'it has a SET clause or is SECURITY DEFINER')
      ) as flaw (found, problem)
      where flaw.found and coalesce(${tenant}, 'tenancy.current_tenant_id()') = 'tenancy.current_tenant_id()'
        and (${isOurs('p')}) is not true -- the signed variant: sql/25-signed-context.sql
        and exists (select from tables)`,
  },
  {
    check: 'policy-function-immutable',
    guarantee: 14,
    level: 'error',
    should: 'No function that a policy calls is IMMUTABLE: a prepared plan would keep its first result.',
    find: `
      select name, 'it is IMMUTABLE, so a prepared plan keeps the first tenant', format('alter function %s stable;', name)
      from policy_functions where provolatile = 'i'`,
  },
  {
    check: 'policy-function-volatile',
    guarantee: 14,
    level: 'warning',
    should: 'No function that a policy calls is VOLATILE: no index could serve the policy.',
    find: `
      select name, 'it is VOLATILE, so no index serves the policy', format('alter function %s stable;', name)
      from policy_functions where provolatile = 'v'`,
  },
  {
    check: 'policy-function-search-path',
    guarantee: 14,
    level: 'warning',
    should: 'The names in a function that a policy calls do not depend on the search_path of the session.',
    find: `
      select name, 'it has no search_path of its own, so the session decides what its names mean',
        format('alter function %s set search_path = pg_catalog;', name)
      from policy_functions
      where prosqlbody is null and not exists (select from unnest(proconfig) as setting where setting ~ '^search_path=')`,
  },
  {
    check: 'policy-function-empty',
    guarantee: 14,
    level: 'warning',
    should:
      'A function that a policy calls reads the empty setting, which a transaction leaves on its connection, as "no tenant".',
    find: `
      select name, 'it does not handle the empty setting that a transaction leaves behind', 'Read the setting with nullif(current_setting(…, true), '''').'
      from policy_functions, lateral (select coalesce(nullif(prosrc, ''), pg_get_function_sqlbody(oid)) as body) as source
      where body ~* 'current_setting' and body !~* 'nullif|= *''''' and name <> 'tenancy.current_tenant_id()'`,
  },
  {
    check: 'leakproof-function',
    guarantee: 15,
    level: 'error',
    should:
      'No function that reveals its arguments is LEAKPROOF: PostgreSQL would run it on rows before the policy hides them.',
    find: `
      select p.oid::regprocedure::text, 'it is LEAKPROOF, so PostgreSQL runs it on rows before the policy hides them',
        format('alter function %s not leakproof;', p.oid::regprocedure)
      from bound, pg_proc p join pg_namespace n on n.oid = p.pronamespace
      -- Of the built-in functions: those that are not LEAKPROOF by default and reveal arguments by an error or by their time.
      where p.proleakproof and has_function_privilege(${role}, p.oid, 'EXECUTE')
        and (n.nspname !~ '^pg_' or p.proname ~ '(like|regex|div|mod|contain|exists|overlap|match|concat|lower|upper)')`,
  },
  {
    check: 'security-definer',
    guarantee: 15,
    level: 'error',
    elsewhere: 'warning',
    should: 'The serving role executes no SECURITY DEFINER function, except shared ones.',
    find: `
      select p.oid::regprocedure::text, 'a SECURITY DEFINER function runs with its owner''s rights', case
          when p.oid in (select oid from policy_functions)
          then format('alter function %s security invoker;', p.oid::regprocedure)
          else ${revoke(revokeExecute, functionAcl('p'), ' -- or list it as shared')} end
      from bound, pg_proc p join schemas on schemas.oid = p.pronamespace
      -- An aggregate runs its functions with the privileges of its owner.
      left join pg_aggregate a on a.aggfnoid = p.oid
      -- The first condition is implied, and spares PostgreSQL the others for most functions.
      where (p.prosecdef or p.prokind = 'a') and (p.prosecdef or exists (
          select from pg_proc f
          where f.prosecdef and f.oid in (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggmtransfn, a.aggmfinalfn)))
        and has_function_privilege(${role}, p.oid, 'EXECUTE')
        and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
        and not format('%I.%I', nspname, p.proname) = any (${shared}) and (${isOurs('p')}) is not true`,
  },
  {
    check: 'trigger',
    guarantee: 15,
    level: 'error',
    elsewhere: 'warning',
    should: "No trigger of a relation that the serving role can reach runs with its owner's rights.",
    find: `
      select t.name, format('its trigger %I runs a SECURITY DEFINER function', g.tgname),
        case when n.nspname = 'tenancy' and p.proowner in (select oid from recorders)
          then 'Run "rowhouse migrate" as the owner of the database: it installs the function again.'
          else format('alter function %s security invoker;', p.oid::regprocedure) end
      from relations t join pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal and g.tgparentid = 0
      join pg_proc p on p.oid = g.tgfoid join pg_namespace n on n.oid = p.pronamespace
      where (t.tenant is not null or t.reachable) and p.prosecdef and g.tgenabled <> 'D'
        and not format('%I.%I', n.nspname, p.proname) = any (${shared}) and (${isOurs('p')}) is not true`,
  },
  {
    check: 'trigger-sets-tenant',
    guarantee: 8,
    level: 'warning',
    should: 'No trigger sets the tenant: the rest of the transaction would run as another tenant.',
    find: `
      select t.name, format('its trigger %I calls set_config', g.tgname), format('drop trigger %I on %s;', g.tgname, t.name)
      from relations t join pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal and g.tgparentid = 0
      join pg_proc p on p.oid = g.tgfoid
      where (t.tenant is not null or t.reachable) and g.tgenabled <> 'D' and p.prosrc ~* 'set_config|set\\s+(local|session)'
        and exists (select from unnest(${parameters.settings}) as name where strpos(lower(p.prosrc), lower(name)) > 0)`,
  },
  {
    check: 'untrusted-language',
    guarantee: 15,
    level: 'warning',
    should: 'The serving role executes no function in an untrusted language.',
    find: `
      select p.oid::regprocedure::text, format('it is written in %s, an untrusted language', l.lanname),
        ${revoke(revokeExecute, functionAcl('p'))}
      from bound, pg_proc p join schemas on schemas.oid = p.pronamespace join pg_language l on l.oid = p.prolang
      where not l.lanpltrusted and l.lanname <> 'c' and p.prokind <> 'a' and not exists (
          select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e') and has_function_privilege(${role}, p.oid, 'EXECUTE')`,
  },
  {
    check: 'extension',
    guarantee: 15,
    level: 'warning',
    should: 'The serving role executes no function of an extension that bypasses row-level security.',
    find: `
      select e.extname::text, 'the serving role may execute its functions, which bypass row-level security',
        string_agg(${revoke(revokeExecute, functionAcl('p'))}, ' ')
      from bound, pg_extension e
      join pg_depend d on d.refclassid = 'pg_extension'::regclass and d.refobjid = e.oid
        and d.classid = 'pg_proc'::regclass and d.deptype = 'e'
      join pg_proc p on p.oid = d.objid and has_function_privilege(${role}, p.oid, 'EXECUTE')
      where e.extname in ('adminpack', 'amcheck', 'aws_s3', 'dblink', 'http', 'pageinspect', 'pg_cron', 'pg_net',
        'pg_stat_statements', 'pg_visibility', 'pg_walinspect', 'pgrowlocks', 'pgstattuple')
      group by e.extname`,
  },
]
