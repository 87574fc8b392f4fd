import { afterAll, describe, expect, test } from 'bun:test'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createIsolationCheck } from '../../../src/isolation/index.ts'
import { migrate, shippedFiles } from '../../../src/migrate/index.ts'
import { createOwnedDatabases, kindsOfOwners } from '../../migrate/owners.ts'

// The directory before it had external ids, domains and a history: version 1 of the SQL.

const root = join(import.meta.dir, '../../..')
const before = await mkdtemp(join(tmpdir(), 'rowhouse-sql-'))
await cp(join(root, 'sql'), before, { recursive: true })
await cp(join(root, 'test/migrate/version-1/sql'), before, { recursive: true })
await writeFile(
  join(before, '40-protected-tables.sql'),
  "select tenancy.protect('public.tasks');\n--> statement-breakpoint\nselect tenancy.protect('public.users');\n",
)
const later = shippedFiles.filter((name) => name > '33-' && !name.startsWith('35-'))
for (const name of later) await rm(join(before, name))
afterAll(() => rm(before, { recursive: true }))

const databases = createOwnedDatabases()

/** A database of the release before, with two tenants and a user of each. */
async function createFilled(owner: (typeof kindsOfOwners)[number]) {
  const database = await databases.createEmpty(owner)
  const { url, sql } = database
  await migrate({ url, sql: before, migrations: join(root, 'drizzle') })
  const tenants = await sql`
    insert into tenancy.tenants (slug, name, status) values ('acme', 'Acme Inc.', 'active'), ('api', 'Old', 'suspended') returning *`
  for (const { id } of tenants)
    await sql`insert into users (tenant_id, email, name) values (${id}, 'ada@example.com', 'Ada')`
  return { ...database, tenants }
}

describe.each(kindsOfOwners)('for an owner that is %s, the upgrade of a filled directory', (owner) => {
  test('keeps every tenant and every row, and finds the tenants by their new keys', async () => {
    const { url, sql, tenants } = await createFilled(owner)
    const users = await sql`select * from users order by id`
    expect(await migrate({ url })).toEqual([])
    expect([...(await sql`select * from tenancy.tenants order by slug`)]).toEqual(
      tenants.map((tenant) => ({ ...tenant, external_id: null })),
    )
    expect([...(await sql`select * from users order by id`)]).toEqual([...users])
    const [acme] = tenants
    for (const [kind, value] of [
      ['id', acme?.id],
      ['slug', 'acme'],
    ])
      expect(await sql`select id, status from tenancy.find_tenant(${kind}, ${value})`).toMatchObject([
        { id: acme?.id, status: 'active' },
      ])
    expect([...(await sql`select id, status from tenancy.find_tenant('acme')`)]).toEqual([
      { id: acme?.id, status: 'active' },
    ])
  })

  test('keeps each change from then on, and lets a tenant with a reserved slug be changed', async () => {
    const { url, sql } = await createFilled(owner)
    await migrate({ url })
    await sql`update tenancy.tenants set status = 'active' where slug = 'api'`
    await sql`update tenancy.tenants set slug = 'acme-inc' where slug = 'acme'`
    const changes = await sql`select action, before ->> 'slug' as slug from tenancy.tenant_history order by id`
    expect([...changes]).toEqual([
      { action: 'resume', slug: 'api' },
      { action: 'rename', slug: 'acme' },
    ])
    const again = sql`insert into tenancy.tenants (slug, name) values ('acme', 'Other')`
    expect(await again.catch(({ code }) => code)).toBe('23505')
  })

  test('leaves nobody who may become the recorder, and no error of the doctor', async () => {
    const { url, sql } = await createFilled(owner)
    for (const _ of [1, 2]) await migrate({ url })
    const [row] = await sql`
      select pg_get_userbyid(relowner) as recorder, has_schema_privilege(relowner, 'tenancy', 'create') as "mayCreate",
        exists (
          select from pg_auth_members m where m.roleid = relowner
            and not (m.member = (select datdba from pg_database where datname = current_database()) and m.admin_option
              and coalesce((to_jsonb(m) ->> 'set_option')::boolean, true) is not true)) as "hasMembers"
      from pg_class where oid = 'tenancy.tenant_history'::regclass`
    expect(row).toMatchObject({
      recorder: expect.stringMatching(/^tenancy_recorder/),
      mayCreate: true,
      hasMembers: false,
    })
    const check = createIsolationCheck({ url: databases.asSuperuser(url), role: 'app_user', allowPrivileged: true })
    expect((await check.inspect()).filter(({ level }) => level === 'error')).toEqual([])
    await check.close()
  })

  test('undoes what processes of the release before print as remedies', async () => {
    const { url, sql } = await createFilled(owner)
    await migrate({ url })
    await sql`alter table tenancy.tenant_history force row level security`
    await sql`revoke execute on function tenancy.find_tenant(text, text) from app_user`
    await sql`alter function tenancy.current_tenant_id() security invoker`
    await migrate({ url })
    await sql`insert into tenancy.tenants (slug, name) values ('new', 'New')`
    const check = createIsolationCheck({ url: databases.asSuperuser(url), role: 'app_user', allowPrivileged: true })
    expect((await check.inspect()).filter(({ level }) => level === 'error')).toEqual([])
    await check.close()
    const [row] =
      await sql`select has_function_privilege('app_user', 'tenancy.find_tenant(text, text)', 'EXECUTE') as finds`
    expect(row?.finds).toBe(true)
  })

  test('gives the recorder what a restore gave to its own login', async () => {
    const { url, sql } = await createFilled(owner)
    await migrate({ url })
    const [{ owner: login } = {}] = await sql`
      select pg_get_userbyid(datdba) as owner from pg_database where datname = current_database()`
    for (const object of [
      'table tenancy.tenant_history',
      'table tenancy.tenant_names',
      'function tenancy.record_tenant_change()',
      'function tenancy.read_tenant_history(text, uuid, int)',
    ])
      await sql.unsafe(`alter ${object} owner to "${login}"`)
    await migrate({ url })
    await sql`insert into tenancy.tenants (slug, name) values ('new', 'New')`
    const [row] = await sql`
      select pg_get_userbyid(relowner) ~ '^tenancy_recorder' as ok, (select count(*)::int from tenancy.tenant_history) as changes
      from pg_class where oid = 'tenancy.tenant_history'::regclass`
    expect(row).toEqual({ ok: true, changes: 1 })
  })
})
