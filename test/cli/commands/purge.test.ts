import { expect, test } from 'bun:test'
import type postgres from 'postgres'
import { asOwner, createBareDatabase, createDatabase } from '../../database.ts'
import { newTenant, tenantColumnType } from '../../tenants.ts'
import { rowhouse } from '../run.ts'

/** Puts rows of a tenant into the trash that were deleted this long ago. */
async function addTrash(owner: postgres.Sql, tenant: string, age: string, count = 1): Promise<void> {
  await owner`
    insert into tenancy.trash (tenant_id, batch, resource, target_id, "row", deleted_at)
    select ${tenant}::text::${owner.unsafe(tenantColumnType)}, gen_random_uuid(), 'tasks', ${age} || n, '{}', now() - ${age}::interval
    from generate_series(1, ${count}::int) as n`
}
const left = async (owner: postgres.Sql, tenant: string) => {
  const rows = await owner`select target_id from tenancy.trash where tenant_id = ${tenant} order by target_id`
  return rows.map(({ target_id: id }) => String(id))
}
/** The numbers of rows that the audit trail of a tenant has of purges. */
const purged = async (owner: postgres.Sql, tenant: string) => {
  const rows = await owner`
    select changes -> 'rows' ->> 'from' as rows, source, resource from tenancy.audit_trail
    where tenant_id = ${tenant} and action = 'purged' order by at, id`
  return rows.map(({ rows, source, resource }) => [Number(rows), source, resource])
}

async function withTrash() {
  const database = await createDatabase()
  const owner = asOwner(database)
  const [a, b] = [newTenant(), newTenant()]
  await addTrash(owner, a, '719 hours 59 minutes')
  await addTrash(owner, a, '720 hours 1 second', 2)
  await addTrash(owner, b, '29 days')
  const run = (parameters: string, env: Record<string, string> = { DATABASE_WORKER_URL: database.ownerUrl }) =>
    rowhouse(['purge', ...parameters.split(' ').filter(Boolean)], { env })
  return { database, owner, a, b, run }
}

test('deletes exactly the rows that are older, and the audit trail of their tenant has the count', async () => {
  const { owner, a, b, run } = await withTrash()
  const { code, stdout, stderr } = await run('--older-than 30d')
  expect([code, stdout, stderr]).toEqual([
    ...[0, 'Deleted 2 rows for good that had been in the trash for more than 30d.\n', ''],
  ])
  expect([await left(owner, a), await left(owner, b)]).toEqual([['719 hours 59 minutes1'], ['29 days1']])
  expect([await purged(owner, a), await purged(owner, b)]).toEqual([[[2, 'worker', 'trash']], []])
  expect((await run('--older-than 30d')).stdout).toStartWith('Deleted 0 rows')
  expect(await purged(owner, a)).toHaveLength(1)
})

test('hours and days are exact', async () => {
  const { owner, a, b, run } = await withTrash()
  expect((await run('--older-than 720h')).stdout).toContain('Deleted 2 rows')
  expect((await run('--older-than 719h')).stdout).toContain('Deleted 1 row for good')
  expect([await left(owner, a), await left(owner, b)]).toEqual([[], ['29 days1']])
})

test('--dry-run prints the number of each tenant and deletes nothing', async () => {
  const { owner, a, b, run } = await withTrash()
  const { code, stdout } = await run('--older-than 28d --dry-run')
  expect(code).toBe(0)
  expect(stdout.trim().split('\n').toSorted()).toEqual(
    [
      `${a}: 3 rows`,
      `${b}: 1 row`,
      'Would delete 4 rows for good that have been in the trash for more than 28d. Nothing was deleted.',
    ].toSorted(),
  )
  expect([(await left(owner, a)).length, (await left(owner, b)).length]).toEqual([3, 1])
  expect([await purged(owner, a), await purged(owner, b)]).toEqual([[], []])
})

test('an interrupted run keeps the batches that it has deleted, and the next one goes on', async () => {
  const { database, owner, a, b, run } = await withTrash()
  await addTrash(owner, b, '31 days', 2500)
  // Its third batch fails, as if the process was killed there.
  await owner.unsafe(`
    create sequence batches; grant usage on sequence batches to tenancy_recorder;
    create function stop() returns trigger language plpgsql as $$ begin
      if nextval('public.batches') = 3 then raise exception 'killed'; end if; return null; end $$;
    create trigger stop after delete on tenancy.trash for each statement execute function stop()`)
  expect((await run('--older-than 30d')).code).toBe(2)
  expect((await left(owner, b)).length).toBe(502 - 1)
  await owner.unsafe('drop trigger stop on tenancy.trash')
  expect((await run('--older-than 30d', { DATABASE_OWNER_URL: database.ownerUrl })).stdout).toContain(
    'Deleted 502 rows',
  )
  expect([await left(owner, a), await left(owner, b)]).toEqual([['719 hours 59 minutes1'], ['29 days1']])
  const rowsOf = async (tenant: string) => (await purged(owner, tenant)).reduce((sum, [rows]) => sum + Number(rows), 0)
  expect([await rowsOf(a), await rowsOf(b)]).toEqual([2, 2500])
})

test.each(['30', 'd', '1.5d', '-1d', '0d', '0h', '30m', '30 d', '1d12h', '9999999d', ''])(
  '--older-than %p is refused with one message',
  async (duration) => {
    const { code, stdout, stderr } = await rowhouse(['purge', '--older-than', duration])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('It must be a whole number of hours or days from 1 on, such as 12h or 30d.')
  },
)

test('a time is required', async () => {
  const { code, stderr } = await rowhouse(['purge', '--dry-run'])
  expect([code, stderr]).toEqual([2, expect.stringContaining("'--older-than <duration>' not specified")])
})

test('the login of the service and a database without a trash are refused with one message', async () => {
  const { database, run } = await withTrash()
  for (const query of ['', ' --dry-run'])
    expect(await run(`--older-than 30d${query}`, { DATABASE_WORKER_URL: database.appUrl })).toMatchObject({
      ...{ code: 2, stdout: '' },
      stderr: expect.stringMatching(/^This login may not purge the trash: [^\n]*\n$/),
    })
  const { ownerUrl } = await createBareDatabase()
  expect((await run('--older-than 30d', { DATABASE_WORKER_URL: ownerUrl })).stderr).toBe(
    'This database does not have the trash of this release: run "bunx rowhouse migrate" first\n',
  )
  expect((await run('--older-than 30d', {})).stderr).toStartWith('DATABASE_WORKER_URL is not set')
})
