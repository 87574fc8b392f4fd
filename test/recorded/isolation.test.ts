import { describe, expect, test } from 'bun:test'
import { asOwner, createDatabase } from '../database.ts'
import { sqlstateOf } from '../db/app-user.ts'
import { newTenant } from '../tenants.ts'
import { addUserWithTask, as, logOf, owner, serving } from './log.ts'

// What the serving role could do with injected SQL, as tenant A, to what the database recorded of tenant B.

const tables = ['audit_queue', 'audit_entries', 'audit_logs', 'audit_checkpoints', 'audit_pruned', 'trash'].map(
  (name) => `tenancy.${name}`,
)

/** A tenant with entries, a log, a checkpoint, a pruned leaf and a deleted task. */
async function recorded() {
  const tenant = newTenant()
  const { user, task } = await addUserWithTask(tenant)
  await as({ tenant, actor: 'ada', request: 'r-1' }, `delete from tasks where id = '${task}'`)
  await owner`select tenancy.append_audit_logs(100)`
  await as({ tenant, actor: 'ada', request: 'r-2' }, `update users set name = 'Grace'`) // it has no position yet
  await owner`select tenancy.store_audit_checkpoint(${tenant}, 1, 'a note')`
  await owner`insert into tenancy.audit_pruned (tenant_id, position, leaf) values (${tenant}, 1, '\\x00')`
  return { tenant, user, task }
}
const b = await recorded()
const count = async (tenant: string, table: string) => {
  const [row] = await as<{ n: number }>({ tenant }, `select count(*)::int as n from ${table}`)
  return row?.n
}
const snapshot = async (tenant: string) =>
  Promise.all(tables.map((table) => owner.unsafe(`select * from ${table} where tenant_id = '${tenant}'`)))

describe.each(tables)('injected SQL of another tenant and %s', (table) => {
  test('sees no row of it, and its own tenant does', async () => {
    expect(await count(newTenant(), table)).toBe(0)
    expect(await count(b.tenant, table)).toBeGreaterThan(0)
  })

  test('sees no row of it without a tenant', async () => {
    expect(await count('', table)).toBe(0)
  })

  test.each([
    `insert into ${table} (tenant_id) values ('${b.tenant}')`,
    `update ${table} set tenant_id = tenant_id`,
    `delete from ${table}`,
    `truncate ${table}`,
    `select from ${table} for update`,
    `select from ${table} for share`,
    `select from ${table} for key share`,
    `lock table ${table} in exclusive mode`,
    `lock table ${table} in row exclusive mode`,
    `alter table ${table} disable row level security`,
    `drop table ${table}`,
    `create trigger mine before insert on ${table} for each row execute function suppress_redundant_updates_trigger()`,
  ])('cannot run: %s', async (text) => {
    // The tenant of the rows itself may not either.
    for (const tenant of [newTenant(), b.tenant]) expect(await sqlstateOf(as({ tenant }, text))).toBe('42501')
  })
})

test('the view of all entries shows each tenant its own, with a position and without', async () => {
  const of = async (tenant: string) =>
    await as<{ tenant: string; n: number }>(
      { tenant },
      `
      select tenant_id::text as tenant, count(*)::int as n from tenancy.audit_trail group by 1`,
    )
  expect(await of(b.tenant)).toEqual([{ tenant: b.tenant, n: 4 }])
  for (const tenant of [newTenant(), '']) expect(await of(tenant)).toEqual([])
  expect(await sqlstateOf(as({ tenant: b.tenant }, 'drop view tenancy.audit_trail'))).toBe('42501')
})

test('the serving role has no privilege on a partition of the audit trail, neither the default one nor one of a month', async () => {
  const partitions = await owner`
    select inhrelid::regclass::text as name from pg_inherits where inhparent = 'tenancy.audit_entries'::regclass`
  expect(partitions.length).toBe(3)
  for (const { name } of partitions) {
    for (const text of [`select from ${name}`, `delete from ${name}`, `lock table ${name} in access share mode`])
      expect([name, await sqlstateOf(as({ tenant: b.tenant }, text))]).toEqual([name, '42501'])
    const [row] = await owner`
      select relrowsecurity as secure, relowner::regrole::text as owner, (
        select array_agg(distinct grantee::regrole::text) from aclexplode(coalesce(relacl, acldefault('r', relowner)))) as grantees
      from pg_class where oid = ${name}::regclass`
    expect(row).toEqual({ secure: true, owner: 'tenancy_recorder', grantees: ['tenancy_recorder'] })
  }
})

test('default privileges of the role that migrates reach no partition', async () => {
  const database = await createDatabase()
  const sql = asOwner(database)
  await sql`alter default privileges in schema tenancy grant select, insert, update, delete on tables to app_user`
  await sql`insert into tenancy.audit_entries (tenant_id, id, at, position, action, resource, source, changes_hash, xid)
    values (${newTenant()}, gen_random_uuid(), now() - interval '3 years', 1, 'x', 'x', 'x', '', '1')`
  expect((await sql`select tenancy.make_audit_partitions() as made`)[0]?.made).toBe(1)
  const [row] = await sql`
    select count(*)::int as n from pg_inherits
    where inhparent = 'tenancy.audit_entries'::regclass and has_table_privilege('app_user', inhrelid, 'select, insert, update, delete')`
  expect(row?.n).toBe(0)
})

describe('a function of the trash with a row of another tenant', () => {
  test.each([
    ['takes nothing', `select tenancy.take_from_trash('tasks', '${b.task}') as result`, 0],
    ['restores nothing', `select tenancy.restore('public.tasks', '${b.task}') as result`, 0],
    ['discards nothing', `select tenancy.discard('tasks', '${b.task}') as result`, 0],
    ['leaves nothing', 'select tenancy.leave_trash()::text as result', ''],
    ['undoes nothing', `select count(*)::int as result from tenancy.undo_request('r-1', true)`, 0],
  ])('%s', async (_, text, result) => {
    const before = await snapshot(b.tenant)
    const [row] = await as<{ result: unknown }>({ tenant: newTenant(), actor: 'eve' }, text)
    expect(row?.result).toEqual(result)
    expect(await snapshot(b.tenant)).toEqual(before)
  })

  test('does not reach it by a batch that both have', async () => {
    const [other] = await owner`select batch from tenancy.trash where tenant_id = ${b.tenant}`
    const tenant = newTenant()
    const { task } = await addUserWithTask(tenant)
    await as(
      { tenant },
      `select set_config('rowhouse.batch', '${other?.batch}', true); delete from tasks where id = '${task}'`,
    )
    const before = await snapshot(b.tenant)
    expect((await as<{ n: number }>({ tenant }, `select tenancy.restore('public.tasks', '${task}') as n`))[0]?.n).toBe(
      1,
    )
    expect(await snapshot(b.tenant)).toEqual(before)
  })
})

test('an event belongs to the tenant of the transaction, and to none without one', async () => {
  const tenant = newTenant()
  const event = `select tenancy.audit_event('invoice.sent', 'invoices', '${b.task}', '{"to":{"from":null,"to":"x"}}')`
  const before = await snapshot(b.tenant)
  await as({ tenant, actor: 'eve' }, event)
  expect(await snapshot(b.tenant)).toEqual(before)
  expect((await logOf(tenant)).map(({ source, actor }) => [source, actor])).toEqual([['event', 'eve']])
  expect(await sqlstateOf(as({}, event))).toBe('P0001')
})

test.each(['created', 'deleted', 'restored', 'purged', 'updated'])(
  'an event cannot be called %s, as a change of a row is',
  async (action) => {
    expect(
      await sqlstateOf(as({ tenant: newTenant() }, `select tenancy.audit_event('${action}', 'tasks', '1', '{}')`)),
    ).toBe('22023')
  },
)

test.each([
  ['not an object', '[]'],
  ['null', 'null'],
  ['without "from"', '{"a":{"to":"x"}}'],
  ['with a number', '{"a":{"from":1,"to":"x"}}'],
  ['with another member', '{"a":{"from":null,"to":"x","by":"ada"}}'],
])('an event whose changes are %s is refused', async (_, changes) => {
  const text = `select tenancy.audit_event('invoice.sent', 'tasks', '1', '${changes}')`
  expect(await sqlstateOf(as({ tenant: newTenant() }, text))).toBe('22023')
})

/** Functions of the audit trail and the trash, by who may execute them. */
const executes = async (role: string) => {
  const rows = await owner`
    select proname::text as name from pg_proc where pronamespace = 'tenancy'::regnamespace
      and (prosrc ~ 'audit|trash' or proname ~ 'audit|trash|restore|discard|undo|keep_|batch|resource')
      and has_function_privilege(${role}, oid, 'execute') order by 1`
  return rows.map(({ name }) => String(name))
}

test('the serving role executes what acts in its own tenant, and no function of the worker or of a trigger', async () => {
  expect(await executes('app_user')).toEqual([
    'audit_event',
    'discard',
    'leave_trash',
    'put_back',
    'resource_name',
    'resource_table',
    'restore',
    'take_deleted',
    'take_from_trash',
    'undo_entry',
    'undo_request',
  ])
})

test('the serving role cannot make the trigger of the audit trail a trigger of something else', async () => {
  for (const text of [
    'create temporary table mine (tenant_id uuid, id uuid)',
    'create trigger mine after insert on tasks for each row execute function tenancy.record_change()',
    'select tenancy.record_change()',
    `select tenancy.keep_row('{}', 0, 'tenant_id', '{id}', null)`,
    `select tenancy.record_purge('${b.tenant}', 'tasks', null, 1, 'worker')`,
    `select tenancy.erase_audit_changes('${b.tenant}', 'tasks', '${b.task}')`,
    `select tenancy.prune_audit('infinity')`,
    `select * from tenancy.read_audit_log('${b.tenant}', 0, 10)`,
    `select tenancy.purge_trash('0', 10)`,
    'select tenancy.append_audit_logs(10)',
    'select tenancy.make_audit_partitions()',
    'insert into tenancy.recorded_tables values (1)',
    'set role tenancy_recorder',
  ])
    expect([text, await sqlstateOf(as({ tenant: b.tenant }, text))]).toEqual([text, '42501'])
})

test('the recorder reads no row of a table of the project', async () => {
  const [row] = await owner`
    select bool_or(has_table_privilege('tenancy_recorder', oid, 'select, insert, update, delete')) as it
    from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')`
  expect(row?.it).toBe(false)
  expect(await sqlstateOf(serving`select tenancy.current_actor()`)).toBe('accepted')
})
