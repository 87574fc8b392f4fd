import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { asOwner, createDatabase } from '../database.ts'
import { sqlstateOf } from '../db/app-user.ts'
import { newTenant, tenantColumnType } from '../tenants.ts'
import { addUserWithTask, as, logOf, servingOn } from './log.ts'

// A database of its own: an append gives positions to the entries of every tenant.
const database = await createDatabase()
const owner = asOwner(database)
const another = asOwner(database)
const app = servingOn(database)
const append = async (sql = owner, most = 100_000) =>
  Number((await sql`select tenancy.append_audit_logs(${most}) as n`)[0]?.n)
const positionsOf = async (tenant: string) => (await logOf(tenant, owner)).map(({ position }) => position)

const sha256 = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest()
/** RFC 6962, section 2.1, as it is written there. */
function rootOf(leaves: Buffer[]): Buffer {
  if (leaves.length === 0) return sha256()
  if (leaves.length === 1) return leaves[0] as Buffer // there is one
  const left = 2 ** Math.floor(Math.log2(leaves.length - 1))
  return sha256(Buffer.from([1]), rootOf(leaves.slice(0, left)), rootOf(leaves.slice(left)))
}
async function treeOf(tenant: string) {
  const [log] = await owner`select size, trees from tenancy.audit_logs where tenant_id = ${tenant}`
  const trees: Buffer[] = log?.trees
  // The roots of the full trees, folded from the right.
  const root = trees.reduceRight((right, left) => sha256(Buffer.from([1]), left, right))
  const leaves = await owner<{ leaf: Buffer }[]>`
    select tenancy.audit_leaf(e) as leaf from tenancy.audit_entries e where tenant_id = ${tenant} and position is not null order by position`
  return { size: Number(log?.size), root, leaves: leaves.map(({ leaf }) => leaf) }
}

test('a log of any length has the root of its leaves by RFC 6962, whatever the appends took at once', async () => {
  const tenant = newTenant()
  await addUserWithTask(tenant, app)
  for (let n = 1; n <= 20; n += 1) {
    await as({ tenant }, `update tasks set title = title || '${n}'`, app)
    if (n % 3 === 0) await append()
  }
  await as({ tenant }, `insert into tasks (title, user_id) select 'x', user_id from tasks, generate_series(1, 11)`, app)
  while ((await append(owner, 4)) > 0);
  const { size, root, leaves } = await treeOf(tenant)
  expect(size).toBe(33)
  expect(leaves).toHaveLength(33)
  expect(root.equals(rootOf(leaves))).toBe(true)
})

test('positions follow the order of commits: an entry with an older time that is committed later comes later, and each comes once', async () => {
  const tenant = newTenant()
  const { task } = await addUserWithTask(tenant, app)
  await append()
  const seen: string[] = []
  const read = async () => {
    await append()
    const rows = await owner`
      select changes -> 'title' ->> 'to' as title from tenancy.audit_entries
      where tenant_id = ${tenant} and position > ${2 + seen.length} order by position`
    seen.push(...rows.map(({ title }) => String(title)))
  }
  const insert = (title: string) =>
    `insert into tasks (title, user_id) select '${title}', user_id from tasks where id = '${task}'`
  await as(
    { tenant },
    async (tx) => {
      await tx.unsafe(insert('early'))
      await as({ tenant }, insert('late'), app)
      await read()
      return {}
    },
    app,
  )
  await read()
  await read()
  expect(seen).toEqual(['late', 'early'])
  const [early] = await owner`
    select (select at from tenancy.audit_entries where tenant_id = ${tenant} and position = 4)
      <= (select at from tenancy.audit_entries where tenant_id = ${tenant} and position = 3) as it`
  expect(early?.it).toBe(true)
})

test('several appends at once, while entries are written, leave positions without gaps', async () => {
  const tenants = [newTenant(), newTenant(), newTenant()]
  for (const tenant of tenants) await addUserWithTask(tenant, app)
  const write = async (tenant: string) => {
    for (let n = 0; n < 20; n += 1) await as({ tenant }, `update tasks set title = '${n}'`, app)
  }
  let isWriting = true
  const appends = [owner, another, owner, another].map(async (sql) => {
    while (isWriting) await append(sql, 3)
  })
  await Promise.all(tenants.map(write))
  isWriting = false
  await Promise.all(appends)
  await append()
  for (const tenant of tenants) {
    const positions = (await positionsOf(tenant)).map(Number).sort((a, b) => a - b)
    expect(positions).toEqual(Array.from({ length: 22 }, (_, n) => n + 1))
    const { size, root, leaves } = await treeOf(tenant)
    expect([size, root.equals(rootOf(leaves))]).toEqual([22, true])
  }
})

test('an append that is rolled back gives no position', async () => {
  const tenant = newTenant()
  await addUserWithTask(tenant, app)
  const rolledBack = owner.begin(async (tx) => {
    await tx`select tenancy.append_audit_logs(10)`
    throw new Error('rolled back')
  })
  expect(await rolledBack.catch(String)).toBe('Error: rolled back')
  expect(await positionsOf(tenant)).toEqual([null, null])
  await append()
  expect(await positionsOf(tenant)).toEqual(['1', '2'])
})

test('a log that another append holds is left to it, and the others get their positions', async () => {
  const [held, free] = [newTenant(), newTenant()]
  for (const tenant of [held, free]) await addUserWithTask(tenant, app)
  await append()
  for (const tenant of [held, free]) await as({ tenant }, `update tasks set title = 'x'`, app)
  await another.begin(async (tx) => {
    await tx`select from tenancy.audit_logs where tenant_id = ${held} for update`
    await append()
    expect(await positionsOf(held)).toEqual(['1', '2', null])
    expect(await positionsOf(free)).toEqual(['1', '2', '3'])
  })
  await append()
  expect(await positionsOf(held)).toEqual(['1', '2', '3'])
})

test('a log that cannot grow stops no other one', async () => {
  const [damaged, other] = [newTenant(), newTenant()]
  for (const tenant of [damaged, other]) await addUserWithTask(tenant, app)
  await owner`insert into tenancy.audit_logs (tenant_id, size, trees) values (${damaged}, 9223372036854775807, '{}')`
  await append()
  expect(await positionsOf(damaged)).toEqual([null, null])
  expect(await positionsOf(other)).toEqual(['1', '2'])
  await owner`update tenancy.audit_logs set size = 0 where tenant_id = ${damaged}`
  await append()
  expect(await positionsOf(damaged)).toEqual(['1', '2'])
})

test('an entry that would be too large for the log fails its write', async () => {
  const tenant = newTenant()
  const long = 'x'.repeat(401)
  for (const [text, code] of [
    [`select tenancy.audit_event('a.b', 'c', '${long}', '{}')`, '22001'],
    [
      `select tenancy.audit_event('a.b', 'c', 'd', jsonb_build_object('e', jsonb_build_object('from', null, 'to', repeat('x', 33554432))))`,
      '54000',
    ],
    [
      `select set_config('app.request_id', '${long}', true); insert into users (email, name) values ('a', 'b')`,
      '22001',
    ],
  ] as const)
    expect(await sqlstateOf(as({ tenant }, text, app))).toBe(code)
  expect(await positionsOf(tenant)).toEqual([])
})

test('a row that would be too large for the log is not written, and an older one is not deleted', async () => {
  const tenant = newTenant()
  await owner.unsafe(`create table documents (tenant_id ${tenantColumnType}, id int, text text, primary key (tenant_id, id));
    insert into documents values ('${tenant}', 1, repeat('x', 33554433)); select tenancy.audit('documents')`)
  for (const text of [
    `insert into documents values ('${tenant}', 2, repeat('x', 33554433))`,
    `update documents set id = 3`,
    'delete from documents',
  ])
    expect([text, await sqlstateOf(owner.unsafe(text))]).toEqual([text, '54000'])
  expect(await positionsOf(tenant)).toEqual([])
})

test('values that are erased while their entry moves to the log are erased', async () => {
  const tenant = newTenant()
  const { user } = await addUserWithTask(tenant, app)
  const third = asOwner(database)
  const erasing = await another.begin(async (tx) => {
    await tx`select tenancy.append_audit_logs(100000)`
    const erasing = owner`select tenancy.erase_audit_changes(${tenant}, 'users', ${user}) as erased`.execute()
    const waiting = () => third`
      select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query like '%erase_audit_changes%'`
    while ((await waiting()).length === 0);
    return { erasing }
  })
  const [row] = await erasing.erasing
  expect(row?.erased).toBe(1)
  const [entry] = await owner`
    select changes, salt, position::int from tenancy.audit_entries where tenant_id = ${tenant} and target_id = ${user}`
  expect(entry).toEqual({ changes: null, salt: null, position: 1 })
})

describe('a leaf', () => {
  const leafOf = async (change: string) =>
    String(
      (
        await owner.unsafe(`select encode(tenancy.audit_leaf(e), 'hex') as leaf from (select (jsonb_populate_record(
      null::tenancy.audit_entries, to_jsonb(x) || '${change}')).* from (select * from tenancy.audit_entries order by tenant_id, at, id limit 1) as x) as e`)
      )[0]?.leaf,
    )

  test('changes with each field of the entry, and with the border between two of them', async () => {
    const tenant = newTenant()
    await addUserWithTask(tenant, app)
    const changes = [
      {},
      ...[
        { position: 7 },
        { id: crypto.randomUUID() },
        { at: '2020-01-01 00:00:00.001Z' },
        { action: 'x' },
        { resource: 'x' },
      ],
      ...[
        { target_id: null },
        { target_id: '' },
        { target_id: '-' },
        { actor: null },
        { actor: 'x' },
        { request_id: 'x' },
      ],
      ...[
        { source: 'x' },
        { reason: 'x' },
        { changes_hash: '\\\\x00' },
        { actor: 'ab', request_id: 'c' },
        { actor: 'a', request_id: 'bc' },
      ],
      { actor: '1:a', request_id: null },
    ]
    const leaves = await Promise.all(changes.map((change) => leafOf(JSON.stringify(change))))
    expect(new Set(leaves).size).toBe(changes.length)
  })

  test('does not change when the values are erased', async () => {
    expect(await leafOf(JSON.stringify({ changes: null, salt: null }))).toBe(await leafOf('{}'))
  })
})

test('the hash of the changes is that of the salt and the text of the changes, and the salt is random', async () => {
  const tenant = newTenant()
  await addUserWithTask(tenant, app)
  await as(
    { tenant },
    `select tenancy.audit_event('invoice.sent', 'invoices', '1', '{"a":{"from":null,"to":"x"}}')`,
    app,
  )
  await as(
    { tenant },
    `select tenancy.audit_event('invoice.sent', 'invoices', '1', '{"a":{"from":null,"to":"x"}}')`,
    app,
  )
  await as({ tenant }, `delete from tasks; select tenancy.discard('tasks', (select target_id from tenancy.trash))`, app)
  await owner`select tenancy.append_audit_logs(100)`
  const rows = await owner<{ salt: Buffer; text: string; changes_hash: Buffer }[]>`
    select salt, changes::text as text, changes_hash from tenancy.audit_entries where tenant_id = ${tenant}`
  expect(rows).toHaveLength(6)
  for (const { salt, text, changes_hash } of rows) {
    expect(salt).toHaveLength(16)
    expect(sha256(salt, Buffer.from(text)).equals(changes_hash)).toBe(true)
  }
  expect(new Set(rows.map(({ salt }) => salt.toString('hex'))).size).toBe(6)
})
