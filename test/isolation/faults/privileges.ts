import type { Fault, SomebodyElses } from '../somebody-elses.ts'

/** What the role may, and what is granted beside it. */
export const privileges = ({ role, table }: SomebodyElses): Record<string, Fault> => ({
  'a number that counts on for all': {
    sql: table('counted_on', ', number int generated always as identity'),
    finds: [['identity-column', 'crm.counted_on', 'its column number counts on for all tenants']],
  },
  'the role may make databases': {
    sql: `alter role ${role} createdb`,
    finds: [['role-attributes', role, 'the serving role has CREATEDB']],
  },
  'the role may make roles': {
    sql: `alter role ${role} createrole`,
    finds: [['role-attributes', role, 'the serving role has CREATEROLE']],
  },
  'the role bypasses row security': {
    sql: `alter role ${role} bypassrls`,
    finds: [['role-attributes', role, 'the serving role has BYPASSRLS']],
  },
  'the role may replicate': {
    sql: `alter role ${role} replication`,
    finds: [['role-attributes', role, 'the serving role has REPLICATION']],
  },
  'a mighty membership': {
    sql: `grant pg_read_all_stats to ${role}`,
    finds: [['role-membership', role, 'the serving role is a member of pg_read_all_stats']],
  },
  'a group': {
    sql: `create role ${role}_group; grant ${role}_group to ${role}`,
    finds: [['role-group', role, `the serving role is a member of ${role}_group, whose privileges it shares`]],
  },
  'a table of the role': {
    sql: `${table('owned')} alter table crm.owned owner to ${role}`,
    finds: [['role-owns', role, 'the serving role owns table crm.owned']],
  },
  'temporary tables': {
    sql: `do $$ begin execute format('grant temporary on database %I to public', current_database()); end $$`,
    finds: [['database-privileges', 'database', 'the serving role has TEMPORARY']],
  },
  'new schemas': {
    sql: `do $$ begin execute format('grant create on database %I to ${role}', current_database()); end $$`,
    finds: [['database-privileges', 'database', 'the serving role has CREATE']],
  },
  'objects of its own': {
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
    finds: [['grant-option', 'crm.passed_on', 'the serving role may pass on SELECT']],
  },
  'a grant to everybody': {
    sql: `${table('everybodys')} grant select on crm.everybodys to public`,
    finds: [['public-privileges', 'crm.everybodys', 'every role has SELECT']],
  },
  'UPDATE of the tenant column': {
    sql: `${table('moved')} grant update (org_id) on crm.moved to ${role}`,
    finds: [['tenant-update', 'crm.moved', 'the serving role may update org_id']],
  },
  'UPDATE of the id': {
    sql: `${table('renamed')} grant update (id) on crm.renamed to ${role}`,
    finds: [['identity-update', 'crm.renamed', 'the serving role may update id']],
  },
  'default privileges of a schema': {
    sql: `alter default privileges in schema crm grant select, insert on tables to ${role}`,
    finds: [['default-privileges', 'schema crm', `tables that postgres makes are granted to ${role}: INSERT, SELECT`]],
  },
  'default privileges of the database': {
    sql: 'alter default privileges grant usage on sequences to public',
    finds: [['default-privileges', 'database', 'sequences that postgres makes are granted to public: USAGE']],
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
    finds: [['system-functions', 'pg_read_file(text)', 'the serving role may reach files of the server']],
  },
})
