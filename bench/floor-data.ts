import { join } from 'node:path'
import type postgres from 'postgres'
import { usersEach } from '../db/seed-many.ts'
import type { Amount } from './amount.ts'

/**
 * Creates the floor's tables with the same amount of data, texts and times as `bun run seed`. Its primary keys do not contain
 * the tenant, so ids are numbered across all tenants.
 */
export async function fillFloor(owner: postgres.Sql, { tenants, tasks }: Amount): Promise<void> {
  await owner.file(join(import.meta.dir, 'floor.sql'))
  await owner`
    insert into users (id, tenant_id, email, name, updated_at)
    select '5eed0000-0000-7000-8001-' || lpad(to_hex((t - 1) * ${usersEach}::int + n), 12, '0'),
      '5eed0000-0000-4000-8000-' || lpad(to_hex(t), 12, '0'), 'user' || n || '@rowhouse.example', 'User ' || n, now()
    from generate_series(1, ${tenants}::int) as t, generate_series(1, ${usersEach}::int) as n`
  await owner`
    insert into tasks (id, tenant_id, title, description, status, user_id, created_at, updated_at)
    select '5eed0000-0000-7000-8002-' || lpad(to_hex((t - 1) * ${tasks}::int + n), 12, '0'),
      '5eed0000-0000-4000-8000-' || lpad(to_hex(t), 12, '0'), 'Task ' || n,
      case when n % 2 = 0 then 'What is to be done in task ' || n end,
      (array['todo', 'in_progress', 'done'])[1 + n % 3],
      '5eed0000-0000-7000-8001-' || lpad(to_hex((t - 1) * ${usersEach}::int + 1 + n % ${usersEach}::int), 12, '0'),
      now() - make_interval(mins => ${tasks}::int - n), now()
    from generate_series(1, ${tenants}::int) as t, generate_series(1, ${tasks}::int) as n`
}
