import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { tasks } from '../../db/schema/tasks.ts'
import { users } from '../../db/schema/users.ts'
import { insertTask } from '../../src/features/tasks/repository.ts'
import { insertUser } from '../../src/features/users/repository.ts'
import { type TenantTx, tenantColumns } from '../../src/tenancy/index.ts'
import { expectTenantIsolation } from '../../src/testing/index.ts'
import { asOwner, createDatabase, db, open } from '../database.ts'

const ada = { email: 'ada@rowhouse.example', name: 'Ada' }
const userProbe = {
  table: users,
  create: (tx: TenantTx) => insertUser(tx, ada),
  refer: (tx: TenantTx, user: { id: string }) => insertTask(tx, { title: 'Not mine', userId: user.id }),
}
const taskProbe = {
  table: tasks,
  create: async (tx: TenantTx) => insertTask(tx, { title: 'Mine', userId: (await insertUser(tx, ada)).id }),
}

test('users of one tenant are out of reach for another', () => expectTenantIsolation(db, userProbe))

test('tasks of one tenant are out of reach for another', () => expectTenantIsolation(db, taskProbe))

test('a table with a generated column is probed like any other', async () => {
  const database = await createDatabase()
  await asOwner(database).unsafe(`
    create table notes (
      tenant_id uuid not null default tenancy.current_tenant_id(), id uuid not null default tenancy.uuid_v7(),
      created_at timestamptz(3) not null default now(), updated_at timestamptz(3) not null default now(),
      lowered text generated always as (lower(text)) stored, text text not null, primary key (tenant_id, id));
    select tenancy.protect('notes')`)
  const lowered = text('lowered').generatedAlwaysAs(sql`lower(text)`)
  const notes = pgTable('notes', { ...tenantColumns(), lowered, text: text('text').notNull() })
  const create = async (tx: TenantTx) => {
    const [row] = await tx.insert(notes).values({ text: 'Mine' }).returning()
    if (!row) throw new Error('An insert returned no row')
    return row
  }
  await expectTenantIsolation(open(database), { table: notes, create })
})

test('a lax UPDATE policy is noticed also where the first column is a reference', async () => {
  const database = await createDatabase()
  await asOwner(database).unsafe(`
    create table notes (
      tenant_id uuid not null default tenancy.current_tenant_id(), id uuid not null default tenancy.uuid_v7(),
      user_id uuid not null, created_at timestamptz(3) not null default now(),
      updated_at timestamptz(3) not null default now(),
      primary key (tenant_id, id), foreign key (tenant_id, user_id) references users (tenant_id, id));
    select tenancy.protect('notes');
    drop policy tenant_fence on notes; drop policy tenant_isolation on notes;
    create policy seen on notes for select using (tenant_id = tenancy.current_tenant_id());
    create policy added on notes for insert with check (tenant_id = tenancy.current_tenant_id());
    create policy removed on notes for delete using (tenant_id = tenancy.current_tenant_id());
    create policy changed on notes for update using (true) with check (true)`)
  const notes = pgTable('notes', { userId: uuid('user_id').notNull(), ...tenantColumns() })
  const create = async (tx: TenantTx) => {
    const { id: userId } = await insertUser(tx, ada)
    const [row] = await tx.insert(notes).values({ userId }).returning()
    if (!row) throw new Error('An insert returned no row')
    return row
  }
  const proof = expectTenantIsolation(open(database), { table: notes, create })
  await expect(proof).rejects.toThrow(/by: .*update/)
})

describe('a wall that was broken is noticed', async () => {
  const database = await createDatabase()
  const owner = asOwner(database)
  const broken = open(database)
  const policy = (using: string, check: string) => `
    drop policy tenant_fence on tasks;
    drop policy tenant_isolation on tasks;
    create policy tenant_isolation on tasks using (${using}) with check (${check})`
  const tenant = 'tenant_id = (select tenancy.current_tenant_id())'

  // Each one is undone by tenancy.protect or by the statement beside it, so that they do not hide one another.
  const sabotages = [
    { what: 'USING (true)', by: policy('true', tenant), seen: /list, count, get, delete/, probe: taskProbe },
    { what: 'WITH CHECK (true)', by: policy(tenant, 'true'), seen: /blind insert/, probe: taskProbe },
    {
      what: 'lax policies for UPDATE and DELETE behind a good one for SELECT',
      by: `drop policy tenant_fence on tasks; drop policy tenant_isolation on tasks;
        create policy tenant_isolation on tasks for select using (${tenant});
        create policy added on tasks for insert with check (${tenant});
        create policy changed on tasks for update using (true) with check (true);
        create policy removed on tasks for delete using (true)`,
      seen: /by: update, delete$/,
      probe: taskProbe,
    },
    { what: 'row security off', by: 'alter table tasks disable row level security', seen: /list/, probe: taskProbe },
    {
      what: 'a foreign key without the tenant',
      by: `alter table tasks drop constraint tasks_tenant_id_user_id_fkey;
        create unique index users_id_only on users (id);
        alter table tasks add constraint lax foreign key (user_id) references users (id)`,
      seen: /reference/,
      probe: userProbe,
    },
  ]
  for (const { what, by, seen, probe } of sabotages)
    test(what, async () => {
      await owner.unsafe(by)
      try {
        await expect(expectTenantIsolation(broken, probe)).rejects.toThrow(seen)
      } finally {
        await owner.unsafe(`
          drop policy if exists tenant_isolation on tasks;
          drop policy if exists added on tasks;
          drop policy if exists changed on tasks;
          drop policy if exists removed on tasks;
          select tenancy.protect('public.tasks')`)
      }
    })
})
