import { describe, expect, test } from 'bun:test'
import { asOwner, createDatabase, open } from '../database.ts'
import { ofTenant, probe } from './isolation.ts'

const database = await createDatabase()
const owner = asOwner(database)
const broken = open(database)
/** The same with what the database records of every change, whose triggers refuse a change without a tenant. */
const recorded = await createDatabase()
await owner`select tenancy.stop_audit('public.tasks'), tenancy.stop_trash('public.tasks')`

const withoutPolicies = 'drop policy tenant_restrictive on tasks; drop policy tenant_isolation on tasks;'
const policies = (using: string, check: string) =>
  `${withoutPolicies} create policy tenant_isolation on tasks using (${using}) with check (${check});`
/** One sound policy for each command, except the given ones. */
const perCommand = (faulty: Partial<Record<'select' | 'insert' | 'update' | 'delete', string>>) => `${withoutPolicies}
  create policy tasks_select on tasks for select ${faulty.select ?? `using (${ofTenant})`};
  create policy tasks_insert on tasks for insert ${faulty.insert ?? `with check (${ofTenant})`};
  create policy tasks_update on tasks for update ${faulty.update ?? `using (${ofTenant})`};
  create policy tasks_delete on tasks for delete ${faulty.delete ?? `using (${ofTenant})`};`

const protectAgain = `
  do $$ declare name text; begin
    for name in select polname from pg_policy where polrelid = 'tasks'::regclass loop
      execute format('drop policy %I on tasks', name);
    end loop;
  end $$;
  select tenancy.protect('public.tasks')`

// `undo` restores what tenancy.protect() does not.
const faults: { fault: string; sql: string; undo?: string; violations: string[] }[] = [
  {
    fault: 'USING (true)',
    sql: policies('true', ofTenant),
    violations: ['select: foreign 1', 'count: foreign 1', 'get: foreign 1', 'delete: foreign 1', 'select: none 2'],
  },
  {
    fault: 'WITH CHECK (true)',
    sql: policies(ofTenant, 'true'),
    // With RETURNING, USING refuses the new row.
    violations: ['insert: foreign 1', 'insert: none 1', 'insert do nothing: foreign 0'],
  },
  {
    fault: 'an unsound policy for SELECT',
    sql: perCommand({ select: 'using (true)' }),
    violations: ['select: foreign 1'],
  },
  {
    fault: 'an unsound policy for INSERT beside a sound one for SELECT',
    sql: perCommand({ insert: 'with check (true)' }),
    violations: ['insert: foreign 1', 'insert: none 1'],
  },
  {
    fault: 'an unsound policy for UPDATE beside a sound one for SELECT',
    sql: perCommand({ update: 'using (true) with check (true)' }),
    violations: ['update: foreign 1', 'update: none 2'],
  },
  {
    fault: 'an unsound USING for UPDATE with a sound WITH CHECK',
    sql: perCommand({ update: `using (true) with check (${ofTenant})` }),
    violations: ['update: foreign refused', 'update: own refused'],
  },
  {
    fault: 'an unsound policy for DELETE beside a sound one for SELECT',
    sql: perCommand({ delete: 'using (true)' }),
    violations: ['delete: foreign 1', 'delete: none 2'],
  },
  {
    fault: 'a policy that returns all rows when the tenant has a user',
    sql: `${withoutPolicies} create policy opened on tasks using (exists (select from users)) with check (${ofTenant});`,
    violations: ['select: foreign 1', 'get: foreign 1', 'delete: foreign 1'],
  },
  {
    fault: 'a policy that returns all rows without a tenant',
    sql: policies(`${ofTenant} or (select tenancy.current_tenant_id()) is null`, ofTenant),
    violations: ['select: none 2', 'get: none 1', 'delete: none 2'],
  },
  {
    fault: 'a second permissive policy without a restrictive one',
    sql: 'drop policy tenant_restrictive on tasks; create policy unsound on tasks using (true);',
    violations: ['select: foreign 1', 'update: foreign 1', 'delete: foreign 1', 'insert: foreign 1'],
  },
  {
    fault: 'row-level security disabled',
    sql: 'alter table tasks disable row level security;',
    violations: [
      'row-level security: foreign off',
      'select: foreign 1',
      'insert: foreign 1',
      'update: foreign 1',
      'delete: foreign 1',
    ],
  },
  {
    fault: 'no policy, so that the tenant cannot reach its own rows',
    sql: withoutPolicies,
    violations: ['select: own 0', 'insert: own refused'],
  },
  {
    fault: 'a foreign key without the tenant',
    sql: `alter table tasks drop constraint tasks_tenant_id_user_id_fkey; create unique index users_id_key on users (id);
      alter table tasks add constraint tasks_added foreign key (user_id) references users (id);`,
    undo: `alter table tasks drop constraint tasks_added; drop index users_id_key; alter table tasks
      add constraint tasks_tenant_id_user_id_fkey foreign key (tenant_id, user_id) references users (tenant_id, id);`,
    violations: ['reference tasks_added: foreign 1'],
  },
  {
    fault: 'a deferred foreign key without the tenant',
    sql: `alter table tasks drop constraint tasks_tenant_id_user_id_fkey; create unique index users_id_key on users (id);
      alter table tasks add constraint tasks_added foreign key (user_id) references users (id) deferrable initially deferred;`,
    undo: `alter table tasks drop constraint tasks_added; drop index users_id_key; alter table tasks
      add constraint tasks_tenant_id_user_id_fkey foreign key (tenant_id, user_id) references users (tenant_id, id);`,
    violations: ['reference tasks_added: foreign 1'],
  },
  {
    fault: 'a unique key without the tenant',
    sql: 'create unique index tasks_added on tasks (lower(title));',
    undo: 'drop index tasks_added;',
    violations: ['same key: foreign 23505'],
  },
  {
    fault: 'an exclusion constraint without the tenant',
    sql: 'alter table tasks add constraint tasks_added exclude (title with =);',
    undo: 'alter table tasks drop constraint tasks_added;',
    violations: ['same key: foreign 23P01'],
  },
  {
    fault: 'UPDATE on tenant_id granted',
    sql: 'grant update (tenant_id) on tasks to app_user;',
    violations: ['update tenant_id: own allowed'],
  },
  {
    fault: 'TRUNCATE granted',
    sql: 'grant truncate on tasks to app_user;',
    violations: ['truncate: own allowed', 'truncate: foreign allowed', 'truncate: none allowed'],
  },
]

describe('expectTenantIsolation reports', () => {
  test.each(faults)('$fault', async ({ sql, undo = '', violations }) => {
    await owner.unsafe(sql)
    try {
      const { violations: found } = await probe(broken, { except: ['public.users'] })
      expect(found).toEqual(expect.arrayContaining(violations.map((violation) => `public.tasks ${violation}`)))
    } finally {
      await owner.unsafe(`${undo} ${protectAgain}`)
    }
  })

  test('no violation after the faults were undone', async () => {
    expect((await probe(broken)).violations).toEqual([])
  })
})

describe('where the database records every change, expectTenantIsolation reports what only its triggers refuse:', () => {
  const changes = open(recorded)
  test.each([
    ['WITH CHECK (true)', policies(ofTenant, 'true'), ['insert: none refused', 'merge: none 23505']],
    [
      'an unsound policy for UPDATE beside a sound one for SELECT',
      perCommand({ update: 'using (true) with check (true)' }),
      ['update: foreign 1', 'update: none refused'],
    ],
    [
      'an unsound policy for DELETE beside a sound one for SELECT',
      perCommand({ delete: 'using (true)' }),
      ['delete: foreign 1', 'delete: none refused'],
    ],
    [
      'a policy that returns all rows without a tenant',
      policies(`${ofTenant} or (select tenancy.current_tenant_id()) is null`, ofTenant),
      ['select: none 2', 'delete where: none refused', 'merge delete: none refused'],
    ],
  ])('%s', async (_, sql, violations) => {
    await asOwner(recorded).unsafe(sql)
    const { violations: found } = await probe(changes, { except: ['public.users'] })
    await asOwner(recorded).unsafe(protectAgain)
    expect(found).toEqual(expect.arrayContaining(violations.map((violation) => `public.tasks ${violation}`)))
  })
})
