import { describe, expect, test } from 'bun:test'
import { asOwner, createDatabase, open } from '../database.ts'
import { ofTenant, probe } from './isolation.ts'

const database = await createDatabase()
const owner = asOwner(database)
const broken = open(database)

const unwalled = 'drop policy tenant_restrictive on tasks; drop policy tenant_isolation on tasks;'
const policies = (using: string, check: string) =>
  `${unwalled} create policy tenant_isolation on tasks using (${using}) with check (${check});`
/** One good policy for each command, but for those that are given. */
const perCommand = (lax: Partial<Record<'select' | 'insert' | 'update' | 'delete', string>>) => `${unwalled}
  create policy seen on tasks for select ${lax.select ?? `using (${ofTenant})`};
  create policy added on tasks for insert ${lax.insert ?? `with check (${ofTenant})`};
  create policy changed on tasks for update ${lax.update ?? `using (${ofTenant})`};
  create policy removed on tasks for delete ${lax.delete ?? `using (${ofTenant})`};`

// What `mended` does not undo, tenancy.protect does.
const mutations: { what: string; broken: string; mended?: string; holes: string[] }[] = [
  {
    what: 'USING (true)',
    broken: policies('true', ofTenant),
    holes: ['select: foreign 1', 'count: foreign 1', 'get: foreign 1', 'delete: foreign 1', 'select: none 2'],
  },
  {
    what: 'WITH CHECK (true)',
    broken: policies(ofTenant, 'true'),
    // With RETURNING the USING of the one policy refuses the new row after all.
    holes: ['insert: foreign 1', 'insert: none 1', 'insert do nothing: foreign 0'],
  },
  { what: 'a lax policy for SELECT', broken: perCommand({ select: 'using (true)' }), holes: ['select: foreign 1'] },
  {
    what: 'a lax policy for INSERT, behind a good one for SELECT',
    broken: perCommand({ insert: 'with check (true)' }),
    holes: ['insert: foreign 1', 'insert: none 1'],
  },
  {
    what: 'a lax policy for UPDATE, behind a good one for SELECT',
    broken: perCommand({ update: 'using (true) with check (true)' }),
    holes: ['update: foreign 1', 'update: none 2'],
  },
  {
    what: 'a lax policy for UPDATE whose WITH CHECK refuses what USING has let through',
    broken: perCommand({ update: `using (true) with check (${ofTenant})` }),
    holes: ['update: foreign refused', 'update: own refused'],
  },
  {
    what: 'a lax policy for DELETE, behind a good one for SELECT',
    broken: perCommand({ delete: 'using (true)' }),
    holes: ['delete: foreign 1', 'delete: none 2'],
  },
  {
    what: 'a policy that opens once the tenant has a row of its own',
    broken: `${unwalled} create policy opened on tasks using (exists (select from users)) with check (${ofTenant});`,
    holes: ['select: foreign 1', 'get: foreign 1', 'delete: foreign 1'],
  },
  {
    what: 'a policy that opens without a tenant',
    broken: policies(`${ofTenant} or (select tenancy.current_tenant_id()) is null`, ofTenant),
    holes: ['select: none 2', 'get: none 1', 'delete: none 2'],
  },
  {
    what: 'a second policy that is lax, without the fence',
    broken: 'drop policy tenant_restrictive on tasks; create policy sloppy on tasks using (true);',
    holes: ['select: foreign 1', 'update: foreign 1', 'delete: foreign 1', 'insert: foreign 1'],
  },
  {
    what: 'row security off',
    broken: 'alter table tasks disable row level security;',
    holes: [
      'row security: foreign off',
      'select: foreign 1',
      'insert: foreign 1',
      'update: foreign 1',
      'delete: foreign 1',
    ],
  },
  {
    what: 'no policy at all, which shuts the tenant itself out',
    broken: unwalled,
    holes: ['select: own 0', 'insert: own refused'],
  },
  {
    what: 'a foreign key without the tenant',
    broken: `alter table tasks drop constraint tasks_tenant_id_user_id_fkey; create unique index users_lax on users (id);
      alter table tasks add constraint tasks_lax foreign key (user_id) references users (id);`,
    mended: `alter table tasks drop constraint tasks_lax; drop index users_lax; alter table tasks
      add constraint tasks_tenant_id_user_id_fkey foreign key (tenant_id, user_id) references users (tenant_id, id);`,
    holes: ['reference tasks_lax: foreign 1'],
  },
  {
    what: 'a foreign key without the tenant that is checked at the end only',
    broken: `alter table tasks drop constraint tasks_tenant_id_user_id_fkey; create unique index users_lax on users (id);
      alter table tasks add constraint tasks_lax foreign key (user_id) references users (id) deferrable initially deferred;`,
    mended: `alter table tasks drop constraint tasks_lax; drop index users_lax; alter table tasks
      add constraint tasks_tenant_id_user_id_fkey foreign key (tenant_id, user_id) references users (tenant_id, id);`,
    holes: ['reference tasks_lax: foreign 1'],
  },
  {
    what: 'a unique key without the tenant',
    broken: 'create unique index tasks_lax on tasks (lower(title));',
    mended: 'drop index tasks_lax;',
    holes: ['same key: foreign 23505'],
  },
  {
    what: 'an exclusion constraint without the tenant',
    broken: 'alter table tasks add constraint tasks_lax exclude (title with =);',
    mended: 'alter table tasks drop constraint tasks_lax;',
    holes: ['same key: foreign 23P01'],
  },
  {
    what: 'UPDATE on tenant_id granted',
    broken: 'grant update (tenant_id) on tasks to app_user;',
    holes: ['update tenant_id: own allowed'],
  },
  {
    what: 'TRUNCATE granted',
    broken: 'grant truncate on tasks to app_user;',
    holes: ['truncate: own allowed', 'truncate: foreign allowed', 'truncate: none allowed'],
  },
]

describe('a wall that was broken is noticed', () => {
  test.each(mutations)('$what', async ({ broken: by, mended = '', holes }) => {
    await owner.unsafe(by)
    try {
      const { holes: found } = await probe(broken, { except: ['public.users'] })
      expect(found).toEqual(expect.arrayContaining(holes.map((hole) => `public.tasks ${hole}`)))
    } finally {
      await owner.unsafe(`${mended}
        do $$ declare name text; begin
          for name in select polname from pg_policy where polrelid = 'tasks'::regclass loop
            execute format('drop policy %I on tasks', name);
          end loop;
        end $$;
        select tenancy.protect('public.tasks')`)
    }
  })

  test('and so is that it is whole again', async () => {
    expect((await probe(broken)).holes).toEqual([])
  })
})
