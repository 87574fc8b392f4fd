import { parameters } from '../catalogue.ts'
import type { CatalogueCheck } from '../finding.ts'

const { role, settings, tenantColumn } = parameters
const isHere = 's.setrole in (0, role.oid) and s.setdatabase in (0, (select oid from here))'

/** Promises 16, 18, 19 and 20: what is set, and whether the wall stands for the role that looks. */
export const settingChecks: CatalogueCheck[] = [
  {
    check: 'preset',
    guarantee: 16,
    level: 'error',
    should: 'Neither role nor database presets the tenant, or what would switch row security off.',
    find: `
      select coalesce(nullif(s.setrole, 0)::regrole::text, 'database'), 'it presets ' || setting,
        format('alter %s reset %s;', case
          when s.setrole = 0 and s.setdatabase = 0 then 'role all'
          when s.setrole = 0 then format('database %I', current_database())
          when s.setdatabase = 0 then format('role %s', s.setrole::regrole)
          else format('role %s in database %I', s.setrole::regrole, current_database()) end, split_part(setting, '=', 1))
      from role, pg_db_role_setting s, unnest(s.setconfig) as setting
      where lower(split_part(setting, '=', 1)) = any (lower(${settings}::text)::text[] || array['row_security', 'role', 'session_replication_role'])
        and ${isHere}`,
  },
  {
    check: 'tenant-at-start',
    guarantee: 16,
    level: 'error',
    should: 'A new session has no tenant.',
    find: `
      select 'session', 'a tenant is set before any was asked for',
        format('Look for %s in the connection string and in the server''s configuration.', setting)
      from unnest(${settings}) as setting where current_setting(setting, true) <> ''`,
  },
  {
    check: 'timeout',
    guarantee: 18,
    level: 'warning',
    should: 'The role has defaults for the time that a statement, a lock and an idle transaction may take.',
    find: `
      select rolname, 'the serving role has no default for ' || wanted, format('alter role %I set %I = %L;', rolname, wanted, value)
      from bound role, (values
        ('statement_timeout', '10s', 0), ('lock_timeout', '5s', 0), ('idle_in_transaction_session_timeout', '15s', 0),
        ('transaction_timeout', '30s', 170000)) as limits (wanted, value, since)
      where current_setting('server_version_num')::int >= since and coalesce((
        -- The most particular counts: role in database, role, database, all.
        select split_part(setting, '=', 2) from pg_db_role_setting s, unnest(s.setconfig) as setting
        where ${isHere} and split_part(setting, '=', 1) = wanted
        order by s.setrole <> 0 desc, s.setdatabase <> 0 desc limit 1), '0') ~ '^0'`,
  },
  {
    check: 'connection-limit',
    guarantee: 18,
    level: 'warning',
    should: 'The role has a connection limit, so that an administrator can still get in.',
    find: `
      select rolname, 'the serving role has no connection limit', format('alter role %I connection limit 80;', rolname)
      from bound where rolconnlimit = -1`,
  },
  {
    check: 'server-release',
    guarantee: 19,
    level: 'warning',
    should: 'The server is a minor release without known holes in row security.',
    find: `
      select 'server', 'PostgreSQL ' || current_setting('server_version') || ' has known holes in row security',
        'Update to the newest minor release.'
      from (select current_setting('server_version_num')::int) as server (version)
      where version < case version / 10000
        when 18 then 180007 when 17 then 170012 when 16 then 160016 when 15 then 150020 when 14 then 140025
        else case when version < 140000 then version + 1 else 0 end end`,
  },
  {
    check: 'row-security-active',
    guarantee: 20,
    level: 'error',
    should: 'Row security is active for the role that looks, on every table of tenants.',
    find: `
      select name, 'row security is not active for the serving role', format('alter table %s force row level security;', name)
      from bound, tables where not rolbypassrls and current_user = ${role} and relrowsecurity and not row_security_active(tables.oid)`,
  },
  {
    check: 'unreadable',
    guarantee: 20,
    level: 'error',
    should: 'The serving role may read some table of tenants.',
    find: `
      select ${role}, 'the serving role may not read any table of tenants',
        'Point DATABASE_URL at app_user, which "bun run rowhouse migrate" prepares.'
      where exists (select from tables) and not exists (select from tables where reachable)`,
  },
  {
    check: 'no-table',
    guarantee: 20,
    level: 'error',
    should: 'The database has tables of tenants.',
    find: `
      select 'database', format('it has no table of tenants: none has the column %I', ${tenantColumn}),
        'Run "bun run rowhouse migrate", or name the column: --tenant-column'
      where not exists (select from tables)`,
  },
]
