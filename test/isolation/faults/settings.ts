import type { Fault, ThirdPartyDatabase } from '../third-party-database.ts'

/** Settings of the role and of the database. */
export const settings = ({ role }: ThirdPartyDatabase): Record<string, Fault> => ({
  'a preset tenant': {
    sql: `do $$ begin
      execute format('alter database %I set crm.org = %L', current_database(), '5e6b1b0c-8f1e-4f6e-9b39-0f3f4d8b8f11'); end $$`,
    finds: [
      ['preset', 'database', 'it presets crm.org=5e6b1b0c-8f1e-4f6e-9b39-0f3f4d8b8f11'],
      ['tenant-at-start', 'session', 'a new session already has a tenant'],
    ],
  },
  'row_security preset for the role': {
    sql: `alter role ${role} set row_security = on`,
    finds: [['preset', role, 'it presets row_security=on']],
  },
  'a time limit of 0': {
    sql: `alter role ${role} set statement_timeout = 0`,
    finds: [['timeout', role, 'the serving role has no default for statement_timeout']],
  },
  'a missing time limit': {
    sql: `alter role ${role} reset lock_timeout`,
    finds: [['timeout', role, 'the serving role has no default for lock_timeout']],
  },
  'no connection limit': {
    sql: `alter role ${role} connection limit -1`,
    finds: [['connection-limit', role, 'the serving role has no connection limit']],
  },
  'an interval style that the database changes': {
    sql: `do $$ begin
      execute format('alter database %I set IntervalStyle = ''iso_8601''', current_database()); end $$`,
    finds: [['text-format', role, 'IntervalStyle is iso_8601, so values are misread']],
  },
  'rounded numbers, by a default of the role': {
    sql: `alter role ${role} set extra_float_digits = 0`,
    finds: [['text-format', role, 'extra_float_digits is 0, so values are misread']],
  },
})
