/** A way to break the walls: what the sabotage suite does, and what must notice. */
export interface Sabotage {
  /** What is broken, in one line. */
  item: string
  guarantee: number
  /** Statements for a migrated database, or lines of the code with what stands in their place. */
  broken: { sql: string; undo?: string } | { file: string; lines: [line: string, by: string][] }
  /** The test that turns red. */
  test: { file: string; title: string }
  /** What the doctor says, where a catalogue shows it: the name of its check. */
  doctor?: string
}

const bothPolicies = (how: string) =>
  `alter policy tenant_isolation on users ${how}; alter policy tenant_restrictive on users ${how}`
const tenantFunction = `create or replace function tenancy.current_tenant_id() returns uuid language sql`
const walls = 'test/db/row-security.test.ts'
const powerless = 'test/db/powerless.test.ts'
const noTenant = 'test/db/no-tenant.test.ts'
const isolation = { file: 'test/testing/isolation.test.ts', title: 'no tenant reaches another tenant' }
const doctorTest = { file: 'test/cli/commands/doctor.test.ts', title: 'on our own schema finds nothing' }

export const mutations: Sabotage[] = [
  {
    item: 'FORCE is dropped',
    guarantee: 12,
    broken: { sql: 'alter table tasks no force row level security' },
    test: { file: walls, title: 'row-level security applies to the owner of the tables' },
    doctor: 'row-security-forced',
  },
  {
    item: 'the policy says USING (true), behind the fence',
    guarantee: 12,
    broken: { sql: 'alter policy tenant_isolation on users using (true)' },
    test: doctorTest,
    doctor: 'policy-text',
  },
  {
    item: 'policy and fence say USING (true)',
    guarantee: 12,
    broken: { sql: bothPolicies('using (true)') },
    test: { file: walls, title: 'is not returned by id, by tenant or without a condition' },
    doctor: 'policy-text',
  },
  {
    item: 'a second permissive policy opens all',
    guarantee: 12,
    broken: { sql: 'create policy sloppy on tasks for select using (true)' },
    test: doctorTest,
    doctor: 'policy-text',
  },
  {
    item: 'a second permissive policy opens all, and the fence is gone',
    guarantee: 12,
    broken: { sql: 'drop policy tenant_restrictive on tasks; create policy sloppy on tasks for select using (true)' },
    test: { file: walls, title: 'is not returned by id, by tenant or without a condition' },
    doctor: 'restrictive-policy-missing',
  },
  {
    item: 'policy and fence say WITH CHECK (true)',
    guarantee: 2,
    broken: { sql: `${bothPolicies('with check (true)')}; grant update (tenant_id) on users to app_user` },
    test: { file: walls, title: 'cannot result from an update of the tenant column' },
    doctor: 'policy-text',
  },
  {
    item: 'the policies are dropped, and row security is off',
    guarantee: 12,
    broken: {
      sql: `drop policy tenant_isolation on users; drop policy tenant_restrictive on users;
        alter table users disable row level security`,
    },
    test: { file: walls, title: 'is not returned by id, by tenant or without a condition' },
    doctor: 'policy-missing',
  },
  {
    item: 'the policy is dropped',
    guarantee: 12,
    broken: { sql: 'drop policy tenant_isolation on users' },
    test: { file: 'test/service/http/users.test.ts', title: 'returns a created user and its Location' },
    doctor: 'policy-missing',
  },
  {
    item: 'row security is off',
    guarantee: 12,
    broken: { sql: 'alter table users disable row level security' },
    test: { file: noTenant, title: 'no row is seen' },
    doctor: 'row-security-enabled',
  },
  {
    item: 'the tenant function is IMMUTABLE',
    guarantee: 14,
    broken: { sql: 'alter function tenancy.current_tenant_id() immutable' },
    test: { file: walls, title: 'shows each tenant its own rows on one connection' },
    doctor: 'policy-function-immutable',
  },
  {
    item: 'the tenant function casts without nullif',
    guarantee: 14,
    broken: { sql: `${tenantFunction} stable return current_setting('app.current_tenant', true)::uuid` },
    test: { file: noTenant, title: 'no row is seen' },
    doctor: 'tenant-function',
  },
  {
    item: 'set_config(…, false): the tenant stays on the connection',
    guarantee: 8,
    broken: {
      file: 'src/database/tenant-opening.ts',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a line of the code under test
      lines: [['${2 * index + 2}, true)', '${2 * index + 2}, false)']],
    },
    test: { file: 'test/database/tenant-database.test.ts', title: 'leave nothing on the connection afterwards' },
  },
  {
    item: 'a handle is not revoked',
    guarantee: 7,
    broken: { file: 'src/database/transaction-handle.ts', lines: [['revoked = true', 'revoked = false']] },
    test: { file: 'test/database/escaped-handle.test.ts', title: 'is rejected from then on' },
  },
  {
    item: 'the tenant is not confirmed',
    guarantee: 9,
    broken: {
      file: 'src/database/tenant-opening.ts',
      lines: [['results.at(-1)?.rows[0]?.[index] !== value', 'index < 0 && value && results']],
    },
    test: { file: 'test/database/confirmation.test.ts', title: 'a tenant that PostgreSQL does not confirm' },
  },
  {
    item: 'a foreign key of one column',
    guarantee: 13,
    broken: {
      sql: `alter table tasks drop constraint tasks_tenant_id_user_id_fkey; create unique index users_ids on users (id);
        alter table tasks add constraint lax foreign key (user_id) references users (id)`,
    },
    test: { file: walls, title: 'cannot be referenced' },
    doctor: 'foreign-key-without-tenant',
  },
  {
    item: 'a unique key without the tenant',
    guarantee: 13,
    broken: { sql: 'create unique index users_email on users (email)' },
    test: { file: walls, title: 'works in two tenants' },
    doctor: 'key-without-tenant',
  },
  {
    item: 'a view without security_invoker',
    guarantee: 15,
    broken: {
      sql: `create view everybody with (security_invoker = true) as select * from users;
        create or replace view everybody as select * from users; grant select on everybody to app_user`,
    },
    test: isolation,
    doctor: 'view',
  },
  {
    item: 'TRUNCATE is granted',
    guarantee: 11,
    broken: { sql: 'grant truncate on tasks to app_user' },
    test: { file: powerless, title: 'truncate tasks' },
    doctor: 'table-privileges',
  },
  {
    item: 'UPDATE of tenant_id is granted',
    guarantee: 11,
    broken: { sql: 'grant update (tenant_id) on tasks to app_user' },
    test: { file: powerless, title: 'update tasks set tenant_id = tenant_id' },
    doctor: 'tenant-update',
  },
  {
    item: 'the serving role has BYPASSRLS',
    guarantee: 11,
    broken: { sql: 'alter role app_user bypassrls', undo: 'alter role app_user nobypassrls' },
    test: { file: walls, title: 'is not returned by id, by tenant or without a condition' },
    doctor: 'role-attributes',
  },
  {
    item: 'the serving role is the owner',
    guarantee: 11,
    broken: { sql: 'alter table users owner to app_user; alter table tasks owner to app_user' },
    test: { file: powerless, title: 'alter table tasks disable row level security' },
    doctor: 'role-owns',
  },
  {
    item: 'ALTER ROLE … SET app.current_tenant',
    guarantee: 16,
    broken: {
      sql: `alter role app_user set app.current_tenant = 'd1d3dbb0-5fb3-4bb6-b5e0-3a8c6b5d7a10'`,
      undo: 'alter role app_user reset app.current_tenant',
    },
    test: { file: noTenant, title: 'no row is inserted, whatever tenant it names' },
    doctor: 'preset',
  },
  {
    item: 'a new table without protection',
    guarantee: 12,
    broken: {
      sql: `create table notes (tenant_id uuid not null default tenancy.current_tenant_id(),
          id uuid not null default tenancy.uuid_v7(), note text, primary key (tenant_id, id));
        grant select, insert, update, delete on notes to app_user`,
    },
    test: isolation,
    doctor: 'row-security-enabled',
  },
  {
    item: 'a migration that does not look at its walls',
    guarantee: 27,
    broken: { file: 'src/migrate/migrate.ts', lines: [['assertRowSecurity(await', 'void (await']] },
    test: { file: 'test/migrate/migrate.test.ts', title: 'makes the migration fail with its name' },
  },
  {
    item: 'a cache without the tenant in its key',
    guarantee: 24,
    broken: {
      file: 'src/service/features/tasks/repository.ts',
      lines: [
        ['export async function findTask', 'const cache = new Map<string, TaskRow>()\nexport async function findTask'],
        [
          '  const [row] = await taskById(tx, { id })',
          `  const row = cache.get(id) ?? (await taskById(tx, { id }))[0]
           if (row) cache.set(id, row)`,
        ],
      ],
    },
    test: { file: 'test/service/contract.test.ts', title: 'getTask: ' },
  },
  {
    item: 'a 404 that says something else of a foreign row',
    guarantee: 4,
    broken: {
      file: 'src/service/features/tasks/routes.ts',
      lines: [
        ['const toTask', 'const known = new Set<string>()\nconst toTask'],
        ['  id: row.id,', '  id: (known.add(row.id), row.id),'],
        [
          'if (!row) throw missing()',
          `if (!row) throw known.has(id) ? new ApiError('NOT_FOUND', 'Not yours') : missing()`,
        ],
      ],
    },
    test: { file: 'test/service/contract.test.ts', title: 'getTask: ' },
  },
  {
    item: 'production that starts without trust',
    guarantee: 21,
    broken: { file: 'src/service/config/auth-settings.ts', lines: [["NODE_ENV === 'production'", 'false']] },
    test: {
      file: 'test/service/config.test.ts',
      title: 'rejects unverified callers in production without ALLOW_UNVERIFIED',
    },
  },
  {
    item: 'a token whose tenant is not compared with the request’s',
    guarantee: 21,
    broken: { file: 'src/resolution/resolve.ts', lines: [['if (identity?.tenants &&', 'if (false &&']] },
    test: { file: 'test/auth/jwt.test.ts', title: 'is rejected for a tenant that it does not name' },
  },
  {
    item: 'a token for another service that is believed',
    guarantee: 21,
    broken: { file: 'src/auth/jwt.ts', lines: [['options.audience === undefined ?', 'true ?']] },
    test: { file: 'test/auth/jwt.test.ts', title: 'for another service is accepted only without an expected audience' },
  },
  {
    item: 'verified tokens without their signature in the key',
    guarantee: 24,
    broken: {
      file: 'src/auth/jwt.ts',
      lines: [
        ['remembered.get(token)', "remembered.get(token.split('.')[1])"],
        ['remembered.set(token,', "remembered.set(token.split('.')[1],"],
      ],
    },
    test: {
      file: 'test/auth/remember.test.ts',
      title: 'is not mistaken for another token or one with a character more or less',
    },
  },
  {
    item: 'a rate without the tenant in its key',
    guarantee: 24,
    broken: { file: 'src/limits/rate-limit.ts', lines: [['this.store.take(', 'this.store.take(this.policy || ']] },
    test: { file: 'test/limits/rate.test.ts', title: 'is separate for each tenant' },
  },
  {
    item: 'a queue that all tenants share',
    guarantee: 26,
    broken: {
      file: 'src/limits/bulkhead.ts',
      lines: [
        ['this.slots.get(tenantId)', "this.slots.get('')"],
        ['this.slots.set(tenantId,', "this.slots.set('',"],
      ],
    },
    test: { file: 'test/limits/concurrency.test.ts', title: 'of one tenant does not delay the requests of another' },
  },
  {
    item: 'a registry that keeps answers without the tenant in their key',
    guarantee: 24,
    broken: {
      file: 'src/resolution/tenant-directory.ts',
      lines: [
        ['answers.get(selector)', "answers.get('')"],
        ['answers.set(selector,', "answers.set('',"],
      ],
    },
    test: { file: 'test/resolution/tenant-directory.test.ts', title: 'is used only for its own tenant' },
  },
]
