import type { Fault, ThirdPartyDatabase } from '../third-party-database.ts'

/** Privileges of the serving role and of PUBLIC. */
export const privileges = ({ role, table }: ThirdPartyDatabase): Record<string, Fault> => ({
  'an identity column': {
    sql: table('counted_on', ', number int generated always as identity'),
    finds: [['identity-column', 'crm.counted_on', 'its column number numbers the rows of all tenants in one sequence']],
  },
  CREATEDB: {
    sql: `alter role ${role} createdb`,
    finds: [['role-attributes', role, 'the serving role has CREATEDB']],
  },
  CREATEROLE: {
    sql: `alter role ${role} createrole`,
    finds: [['role-attributes', role, 'the serving role has CREATEROLE']],
  },
  BYPASSRLS: {
    sql: `alter role ${role} bypassrls`,
    finds: [['role-attributes', role, 'the serving role has BYPASSRLS']],
  },
  REPLICATION: {
    sql: `alter role ${role} replication`,
    finds: [['role-attributes', role, 'the serving role has REPLICATION']],
  },
  'a membership in a predefined role': {
    sql: `grant pg_read_all_stats to ${role}`,
    finds: [['role-membership', role, 'the serving role is a member of pg_read_all_stats']],
  },
  'a group': {
    sql: `create role ${role}_group; grant ${role}_group to ${role}`,
    finds: [['role-group', role, `the serving role is a member of ${role}_group, whose privileges it inherits`]],
  },
  'a table that the role owns': {
    sql: `${table('owned')} alter table crm.owned owner to ${role}`,
    finds: [['role-owns', role, 'the serving role owns table crm.owned']],
  },
  'CONNECT for every role': {
    sql: `do $$ begin execute format('grant connect on database %I to public', current_database()); end $$`,
    finds: [
      [
        'public-connect',
        'database',
        'PUBLIC may connect: every role of the server, such as the login of another project',
      ],
    ],
  },
  'TEMPORARY on the database': {
    sql: `do $$ begin execute format('grant temporary on database %I to public', current_database()); end $$`,
    finds: [['database-privileges', 'database', 'the serving role has TEMPORARY']],
  },
  'CREATE on the database': {
    sql: `do $$ begin execute format('grant create on database %I to ${role}', current_database()); end $$`,
    finds: [['database-privileges', 'database', 'the serving role has CREATE']],
  },
  'CREATE on a schema': {
    sql: 'grant create on schema public to public',
    finds: [['schema-create', 'public', 'the serving role may create objects in this schema']],
  },
  TRUNCATE: {
    sql: `${table('truncated')} grant truncate on crm.truncated to ${role}_group`,
    finds: [['table-privileges', 'crm.truncated', 'the serving role has TRUNCATE']],
  },
  TRIGGER: {
    sql: `${table('triggered')} grant trigger on crm.triggered to ${role}`,
    finds: [['table-privileges', 'crm.triggered', 'the serving role has TRIGGER']],
  },
  REFERENCES: {
    sql: `${table('referenced')} grant references (id) on crm.referenced to ${role}`,
    finds: [['references-privilege', 'crm.referenced', 'the serving role has REFERENCES']],
  },
  'a grant option': {
    sql: `${table('passed_on')} grant select on crm.passed_on to ${role} with grant option`,
    finds: [['grant-option', 'crm.passed_on', 'the serving role may grant SELECT to others']],
  },
  'a grant to PUBLIC': {
    sql: `${table('granted_to_public')} grant select on crm.granted_to_public to public`,
    finds: [['public-privileges', 'crm.granted_to_public', 'PUBLIC has SELECT']],
  },
  'UPDATE of the tenant column': {
    sql: `${table('moved')} grant update (org_id) on crm.moved to ${role}`,
    finds: [['tenant-update', 'crm.moved', 'the serving role may update org_id']],
  },
  'default privileges of a schema': {
    sql: `alter default privileges in schema crm grant select, insert on tables to ${role}`,
    finds: [
      ['default-privileges', 'schema crm', `tables that postgres creates are granted to ${role}: INSERT, SELECT`],
    ],
  },
  'default privileges of the database': {
    sql: 'alter default privileges grant usage on sequences to public',
    finds: [['default-privileges', 'database', 'sequences that postgres creates are granted to public: USAGE']],
  },
  'a parameter of superusers': {
    sql: `grant set on parameter session_replication_role to ${role}`,
    finds: [['parameter-privileges', 'session_replication_role', 'the serving role has SET on this server parameter']],
  },
  'statistics of all tenants': {
    sql: `grant select on pg_statistic to ${role}`,
    finds: [['system-tables', 'pg_statistic', 'the serving role can read this system table']],
  },
  'files of the server': {
    sql: `grant execute on function pg_read_file(text) to ${role}`,
    finds: [
      [
        'system-functions',
        'pg_read_file(text)',
        'the serving role may execute it, and it accesses files of the server',
      ],
    ],
  },
})
