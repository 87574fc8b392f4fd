import { describe, expect, test } from 'bun:test'
import { asOwner, createDatabase } from '../database.ts'
import { newTenant } from '../tenants.ts'
import { addUserWithTask, as, logOf, servingOn } from './log.ts'

// A database of its own for each test: partitions come and go.
async function open() {
  const database = await createDatabase()
  const [owner, other, watcher] = [asOwner(database), asOwner(database), asOwner(database)]
  return { owner, other, watcher, app: servingOn(database) }
}
type Sql = Awaited<ReturnType<typeof open>>['owner']
const placesOf = async (owner: Sql, tenant: string) =>
  (
    await owner`select tableoid::regclass::text as name from tenancy.audit_entries where tenant_id = ${tenant} order by at, id`
  ).map(({ name }) => String(name))
const monthOf = async (owner: Sql, ago = 0) => {
  const [row] = await owner`
    select to_char(now() at time zone 'UTC' - make_interval(months => ${ago}), 'YYYY_MM') as month`
  return `tenancy.audit_entries_${row?.month}`
}
/** Gives the entries of a tenant positions, and times that are months ago, as the recorder. */
async function age(owner: Sql, tenant: string, ago: number, table = 'tenancy.audit_entries') {
  if (table === 'tenancy.audit_entries') await owner`select tenancy.append_audit_logs(100)`
  await owner.begin((tx) =>
    tx.unsafe(`set local role tenancy_recorder;
      update ${table} set at = at - interval '${ago} months' where tenant_id = '${tenant}'`),
  )
  await owner`select tenancy.make_audit_partitions()`
}

test('a write works without any partition', async () => {
  const { owner, app } = await open()
  const tenant = newTenant()
  const names = await owner`select inhrelid::regclass::text as name from pg_inherits
    where inhparent = 'tenancy.audit_entries'::regclass`
  await owner.unsafe(`drop table ${names.map(({ name }) => name).join(', ')}`)
  await addUserWithTask(tenant, app)
  expect(await logOf(tenant, owner)).toHaveLength(2)
})

test('without a partition for the month an entry with a position is in the default partition, and the next call moves it', async () => {
  const { owner, app } = await open()
  const [month, tenant] = [await monthOf(owner), newTenant()]
  await owner.unsafe(`drop table ${month}`)
  await addUserWithTask(tenant, app)
  await owner`select tenancy.append_audit_logs(100)`
  expect(await placesOf(owner, tenant)).toEqual(Array(2).fill('tenancy.audit_entries_default'))
  const before = await logOf(tenant, owner)
  expect((await owner`select tenancy.make_audit_partitions() as made`)[0]?.made).toBe(1)
  expect(await placesOf(owner, tenant)).toEqual([month, month])
  expect(await logOf(tenant, owner)).toEqual(before)
  await as({ tenant }, `update tasks set title = 'x'`, app)
  await owner`select tenancy.append_audit_logs(100)`
  expect(await placesOf(owner, tenant)).toEqual([month, month, month])
})

test('the worker makes partitions after the migration, for this month and the next one, and nothing where they are there', async () => {
  const { owner } = await open()
  await owner.unsafe(`drop table ${await monthOf(owner)}, ${await monthOf(owner, -1)}`)
  const made = async () => (await owner`select tenancy.make_audit_partitions() as made`)[0]?.made
  expect(await made()).toBe(2)
  expect(await made()).toBe(0)
})

test('a caller keeps its lock timeout', async () => {
  const { owner } = await open()
  await owner.begin(async (tx) => {
    await tx`set local lock_timeout = '7s'`
    await tx`select tenancy.make_audit_partitions(), tenancy.prune_audit(now())`
    expect((await tx`show lock_timeout`)[0]?.lock_timeout).toBe('7s')
  })
})

describe('erasing what entries of a row say', () => {
  test('leaves who did what when, the hash, the position and the leaf, of that row alone', async () => {
    const { owner, app } = await open()
    const [tenant, other] = [newTenant(), newTenant()]
    const { user, task } = await addUserWithTask(tenant, app)
    await as({ tenant }, `update users set name = 'Grace'`, app)
    await as({ tenant: other }, `insert into users (id, email, name) values ('${user}', 'x', 'x')`, app)
    await owner`select tenancy.append_audit_logs(100)`
    const leaves = () =>
      owner`select tenancy.audit_leaf(e) as leaf from tenancy.audit_entries e order by tenant_id, at, id`
    const [before, proof, others] = [await logOf(tenant, owner), [...(await leaves())], await logOf(other, owner)]
    const erase = async () => (await owner`select tenancy.erase_audit_changes(${tenant}, 'users', ${user}) as n`)[0]?.n
    expect([await erase(), await erase()]).toEqual([2, 0])
    const after = await logOf(tenant, owner)
    expect(after).toEqual(
      before.map((entry) => (entry.target_id === task ? entry : { ...entry, changes: null, salt: null })) as never, // salt is no field of an entry that tests read
    )
    expect([...(await leaves())]).toEqual(proof)
    expect(await logOf(other, owner)).toEqual(others)
    const [dump] =
      await owner`select string_agg(e::text, '') as text from tenancy.audit_entries e where tenant_id = ${tenant}`
    expect(dump?.text).not.toContain('Grace')
  })
})

describe('pruning', () => {
  test('drops the months before a time, keeps the leaves of their entries, and their checkpoints', async () => {
    const { owner, app } = await open()
    const [old, fresh] = [newTenant(), newTenant()]
    for (const tenant of [old, fresh]) await addUserWithTask(tenant, app)
    await age(owner, old, 14)
    await owner`select tenancy.append_audit_logs(100)`
    await owner`select tenancy.store_audit_checkpoint(${old}, 2, 'a note')`
    const leaves = [
      ...(await owner`
      select position, tenancy.audit_leaf(e) as leaf from tenancy.audit_entries e where tenant_id = ${old} order by position`),
    ]
    const month = await monthOf(owner, 14)
    const pruned = await owner`select tenancy.prune_audit(now() - interval '13 months') as name`
    expect([...pruned]).toEqual([{ name: month.replace('tenancy.', '') }])
    expect(await logOf(old, owner)).toEqual([])
    expect([
      ...(await owner`select position, leaf from tenancy.audit_pruned where tenant_id = ${old} order by position`),
    ]).toEqual(leaves)
    expect(await owner`select from tenancy.audit_checkpoints where tenant_id = ${old}`).toHaveLength(1)
    expect(await logOf(fresh, owner)).toHaveLength(2)
    expect(await owner`select tenancy.prune_audit(now() - interval '13 months')`).toHaveLength(0)
  })

  test('keeps the month of the time itself, and this month even for a time in the future', async () => {
    const { owner, app } = await open()
    const [old, fresh] = [newTenant(), newTenant()]
    for (const tenant of [old, fresh]) await addUserWithTask(tenant, app)
    await age(owner, old, 2)
    await owner`select tenancy.append_audit_logs(100)`
    expect(await owner`select tenancy.prune_audit(now() - interval '2 months')`).toHaveLength(0)
    expect(await owner`select tenancy.prune_audit('infinity')`).toHaveLength(1)
    expect([await logOf(old, owner), await logOf(fresh, owner)].map(({ length }) => length)).toEqual([0, 2])
  })

  test('keeps an entry that has no position yet, also one of a month that was pruned before', async () => {
    const { owner, app } = await open()
    const [first, tenant] = [newTenant(), newTenant()]
    await addUserWithTask(first, app)
    await age(owner, first, 14)
    await addUserWithTask(tenant, app)
    await age(owner, tenant, 14, 'tenancy.audit_queue')
    expect(await owner`select tenancy.prune_audit(now())`).toHaveLength(1)
    expect(await logOf(tenant, owner)).toHaveLength(2)
    await owner`select tenancy.append_audit_logs(100)`
    expect(await placesOf(owner, tenant)).toEqual(Array(2).fill('tenancy.audit_entries_default'))
    await owner`select tenancy.make_audit_partitions()`
    expect(await owner`select tenancy.prune_audit(now())`).toHaveLength(1)
    expect(await owner`select from tenancy.audit_pruned where tenant_id = ${tenant}`).toHaveLength(2)
  })

  test('waits for the worker that moves entries to the month, and loses none', async () => {
    const { owner, other, watcher, app } = await open()
    const [first, tenant] = [newTenant(), newTenant()]
    await addUserWithTask(first, app)
    await age(owner, first, 14)
    await addUserWithTask(tenant, app)
    await age(owner, tenant, 14, 'tenancy.audit_queue')
    const prune = () => other`select tenancy.prune_audit(now())`.execute()
    const waiting = () => watcher`
      select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query like '%prune_audit%'`
    const { pruning } = await owner.begin(async (tx) => {
      await tx`select tenancy.append_audit_logs(100)`
      const pruning = prune().catch(prune) // on a slow machine it gives up before the other transaction ends
      while ((await waiting()).length === 0);
      return { pruning }
    })
    expect(await pruning).toHaveLength(1)
    expect(await owner`select from tenancy.audit_pruned where tenant_id = ${tenant}`).toHaveLength(2)
  })

  test('gives up after a second where a reader holds the trail, and changes nothing', async () => {
    const { owner, app } = await open()
    const tenant = newTenant()
    await addUserWithTask(tenant, app)
    await age(owner, tenant, 14)
    await owner`select tenancy.append_audit_logs(10)`
    await app.begin(async (tx) => {
      await tx`select from tenancy.audit_entries`
      expect(await owner`select tenancy.prune_audit(now())`.catch(({ code }) => code)).toBe('55P03')
    })
    expect(await logOf(tenant, owner)).toHaveLength(2)
  })
})

test('a tenant has one checkpoint a day: the largest of the day', async () => {
  const { owner } = await open()
  const tenant = newTenant()
  for (const size of [1, 5, 3])
    await owner`select tenancy.store_audit_checkpoint(${tenant}, ${size}, ${`note ${size}`})`
  const rows = await owner`select size::int, note from tenancy.audit_checkpoints where tenant_id = ${tenant}`
  expect([...rows]).toEqual([{ size: 5, note: 'note 5' }])
})
