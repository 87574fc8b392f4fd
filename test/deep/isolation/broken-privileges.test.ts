import { testFaults } from '../../isolation/broken-databases.ts'

await testFaults('privileges and settings', [
  ...['TRUNCATE', 'REFERENCES', 'TRIGGER'].map((privilege) => ({
    name: `${privilege} granted`,
    sql: `grant ${privilege} on tasks to app_user`,
    finds: { guarantee: 11, object: 'public.tasks', problem: `the serving role has ${privilege}` },
  })),
  {
    name: 'TRUNCATE granted to PUBLIC',
    sql: 'grant truncate on tasks to public',
    finds: { guarantee: 11, object: 'public.tasks', problem: 'the serving role has TRUNCATE' },
  },
  {
    name: 'REFERENCES granted on a column',
    sql: 'grant references (id) on users to app_user',
    finds: { guarantee: 11, object: 'public.users', problem: 'the serving role has REFERENCES' },
  },
  ...['tenant_id', 'id', 'created_at'].map((column) => ({
    name: `UPDATE of ${column} granted`,
    sql: `grant update (${column}) on tasks to app_user`,
    finds: { guarantee: 11, object: 'public.tasks', problem: `the serving role may update ${column}` },
  })),
  {
    name: 'UPDATE of all columns granted',
    sql: 'grant update on tasks to app_user',
    finds: { guarantee: 11, object: 'public.tasks', problem: 'the serving role may update tenant_id' },
  },
  {
    name: 'a serving role without privileges',
    sql: 'revoke all on all tables in schema public from app_user',
    finds: { guarantee: 20, object: 'app_user', problem: 'the serving role may not read any tenant table' },
  },
  {
    name: 'a privilege granted with grant option',
    sql: 'grant select on tasks to app_user with grant option',
    finds: { guarantee: 11, object: 'public.tasks', problem: 'the serving role may grant SELECT to others' },
  },
  {
    name: 'TEMPORARY granted',
    sql: `do $$ begin execute format('grant temporary on database %I to app_user', current_database()); end $$`,
    undo: `do $$ begin execute format('revoke temporary on database %I from app_user', current_database()); end $$`,
    finds: { guarantee: 11, object: 'database', problem: 'the serving role has TEMPORARY' },
  },
  {
    name: 'CREATE on a schema granted',
    sql: 'grant create on schema public to app_user',
    undo: 'revoke create on schema public from app_user',
    finds: { guarantee: 11, object: 'public', problem: 'the serving role may create objects in this schema' },
  },
  ...['app.current_tenant', 'row_security'].map((setting) => ({
    name: `${setting} preset in the database`,
    sql: `do $$ begin execute format('alter database %I set ${setting} = ''on''', current_database()); end $$`,
    undo: `do $$ begin execute format('alter database %I reset ${setting}', current_database()); end $$`,
    finds: { guarantee: 16, object: 'database', problem: `it presets ${setting}=on` },
  })),
])
