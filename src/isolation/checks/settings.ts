import type { CatalogueCheck } from '../finding.ts'
import { parameters } from '../tables-query.ts'

const { role, settings, tenantColumn } = parameters
const isHere = 's.setrole in (0, role.oid) and s.setdatabase in (0, (select oid from here))'

// The settings that change how a value is read or written, with PostgreSQL's default and all that is safe.
const textFormats = `(values
  ('DateStyle', 'ISO, MDY', '^iso'), ('IntervalStyle', 'postgres', '^postgres$'), ('bytea_output', 'hex', '^hex$'),
  ('extra_float_digits', '1', '^[123]$'), ('array_nulls', 'on', '^(on|t|y|1)'), ('client_encoding', 'UTF8', '^utf')
) as formats (name, value, safe)`

/** Guarantees G16, G18, G19, G20 and G31: settings, the server, and whether row-level security is active. */
export const settingChecks: CatalogueCheck[] = [
  {
    check: 'preset',
    guarantee: 16,
    level: 'error',
    should:
      'Neither the role nor the database has a default for the tenant setting, or for a setting that switches row-level security off.',
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
      select 'session', 'a new session already has a tenant',
        format('Remove %s from the connection string and from the server''s configuration.', setting)
      from unnest(${settings}) as setting where current_setting(setting, true) <> ''`,
  },
  {
    check: 'timeout',
    guarantee: 18,
    level: 'warning',
    should: 'The serving role has default time limits for statements, locks and idle transactions.',
    find: `
      select rolname, 'the serving role has no default for ' || wanted,
        -- A default of the role in this database wins over one of the role.
        format('alter role %I%s set %I = %L;', rolname,
          case when special then format(' in database %I', current_database()) end, wanted, value)
      from bound role, (values
        ('statement_timeout', '10s', 0), ('lock_timeout', '5s', 0), ('idle_in_transaction_session_timeout', '15s', 0),
        ('transaction_timeout', '30s', 170000)) as limits (wanted, value, since)
      left join lateral (
        -- The most specific default wins: role in database, role, database, all.
        select split_part(setting, '=', 2) as present, s.setrole <> 0 and s.setdatabase <> 0 as special
        from pg_db_role_setting s, unnest(s.setconfig) as setting
        where ${isHere} and split_part(setting, '=', 1) = wanted
        order by s.setrole <> 0 desc, s.setdatabase <> 0 desc limit 1) as winner on true
      where current_setting('server_version_num')::int >= since and coalesce(present, '0') ~ '^0'`,
  },
  {
    check: 'connection-limit',
    guarantee: 18,
    level: 'warning',
    should: 'The serving role has a connection limit, so that an administrator can still connect.',
    find: `
      select rolname, 'the serving role has no connection limit', format('alter role %I connection limit 80;', rolname)
      from bound where rolconnlimit = -1`,
  },
  {
    check: 'server-release',
    guarantee: 19,
    level: 'warning',
    should: 'The minor release of the server has no known vulnerability in row-level security.',
    find: `
      select 'server', 'PostgreSQL ' || current_setting('server_version') || ' has known vulnerabilities in row-level security',
        format('Update to %s.%s or later.', fixed / 10000, fixed % 10000)
      from (select current_setting('server_version_num')::int) as server (version),
      lateral (select case greatest(version / 10000, 14)
        when 18 then 180007 when 17 then 170012 when 16 then 160016 when 15 then 150020 when 14 then 140025 end) as release (fixed)
      where version < fixed`,
  },
  {
    check: 'row-security-active',
    guarantee: 20,
    level: 'error',
    should: 'Row-level security is active for the serving role on every tenant table.',
    find: `
      select name, 'row-level security is not active for the serving role', format('alter table %s force row level security;', name)
      from bound, tables where not rolbypassrls and current_user = ${role} and relrowsecurity and not row_security_active(tables.oid)`,
  },
  {
    check: 'unreadable',
    guarantee: 20,
    level: 'error',
    should: 'The serving role may read at least one tenant table.',
    find: `
      select ${role}, 'the serving role may not read any tenant table',
        'Run "rowhouse init", and "rowhouse migrate" with the same DATABASE_URL: it grants the serving role its privileges.'
      where exists (select from tables where not recorded) and not exists (select from tables where reachable and not recorded)`,
  },
  {
    check: 'no-table',
    guarantee: 20,
    level: 'error',
    should: 'The database has at least one tenant table.',
    find: `
      select 'database', format('it has no tenant table: no table has the column %I', ${tenantColumn}),
        'Create the tables with "rowhouse migrate", or name their tenant column: tenantColumn.'
      where not exists (select from tables where not recorded)`,
  },
  {
    check: 'text-format',
    guarantee: 31,
    level: 'error',
    elsewhere: 'warning',
    should: 'PostgreSQL writes and reads values in the formats that the kit parses.',
    find: `
      select rolname, format('%s is %s, so values are misread', name, min(seen)),
        format('alter role %I in database %I set %I = %L;', rolname, current_database(), name, value)
      from bound role, ${textFormats}, lateral (values
        (case when session_user = rolname then current_setting(name) end),
        -- What the next session gets. A session of the kit asks for the other two itself.
        (case when name not in ('DateStyle', 'client_encoding') then (
          select substring(setting from '=(.*)') from pg_db_role_setting s, unnest(s.setconfig) as setting
          where ${isHere} and lower(split_part(setting, '=', 1)) = lower(name)
          order by s.setrole <> 0 desc, s.setdatabase <> 0 desc limit 1) end)) as session (seen)
      where lower(seen) !~ safe
      group by rolname, name, value`,
  },
]
