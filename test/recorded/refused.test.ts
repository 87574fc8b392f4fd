import { describe, expect, test } from 'bun:test'
import { startAdminServer } from '../database/admin-server.ts'
import { asOwner } from '../database.ts'
import { connectAsAppUser, sqlstateOf } from '../db/app-user.ts'
import { newTenant } from '../tenants.ts'
import { addUserWithTask, as, logOf } from './log.ts'

// Entries do not change: not by the serving role, not by the administrator, and by no mistake of the owner.

const server = await startAdminServer()
const app = connectAsAppUser(server.appUrl)
const admin = connectAsAppUser(server.adminUrl)
const owner = asOwner({ ownerUrl: server.ownerUrl, appUrl: server.appUrl })
const tenant = newTenant()
await addUserWithTask(tenant, app)
await owner`select tenancy.append_audit_logs(100)`
await as({ tenant }, `update tasks set title = 'x'`, app)
const partition = async () => {
  const [row] = await owner`select tableoid::regclass::text as name from tenancy.audit_entries limit 1`
  return String(row?.name)
}
const entries = `tenancy.audit_entries`

describe.each([
  ['app_user', app],
  ['app_admin', admin],
  ['the owner', owner],
] as const)('%s', (_, sql) => {
  test.each([
    ['the trail', async () => entries],
    ['a partition of it', partition],
    ['the queue', async () => 'tenancy.audit_queue'],
    ['its default partition', async () => 'tenancy.audit_entries_default'],
  ])('cannot truncate, update or delete %s', async (_, name) => {
    const before = await logOf(tenant, owner)
    expect(before).toHaveLength(3)
    const table = await name()
    for (const text of [
      `truncate ${table}`,
      `truncate ${table} cascade`,
      `update ${table} set actor = 'x'`,
      `delete from ${table}`,
    ])
      expect([text, await sqlstateOf(as({ tenant }, text, sql))]).toEqual([text, '42501'])
    expect(await logOf(tenant, owner)).toEqual(before)
  })

  test('cannot change an entry by a MERGE or by an INSERT that updates', async () => {
    const same = 'e.tenant_id = s.tenant_id and e.at = s.at and e.id = s.id'
    const before = await logOf(tenant, owner)
    for (const text of [
      `merge into ${entries} e using ${entries} s on ${same} when matched then update set actor = 'x'`,
      `insert into ${entries} select * from ${entries} on conflict (tenant_id, at, id) do update set actor = 'x'`,
    ])
      expect([text, await sqlstateOf(as({ tenant }, text, sql))]).toEqual([text, '42501'])
    expect(await logOf(tenant, owner)).toEqual(before)
  })
})

// Row triggers do not fire for it. Neither the serving role nor the administrator may truncate a table.
test('TRUNCATE of an audited table by the owner is not recorded: its rows are gone, and no entry says so', async () => {
  const before = await logOf(tenant, owner)
  for (const sql of [app, admin]) expect(await sqlstateOf(as({ tenant }, 'truncate tasks', sql))).toBe('42501')
  await owner`truncate tasks`
  expect(await logOf(tenant, owner)).toEqual(before)
})

test('the administrator is named by the source, with the reason, and the owner by theirs', async () => {
  const other = newTenant()
  const insert = `insert into users (tenant_id, email, name) values ('${other}', gen_random_uuid(), 'Ada')`
  await as(
    { actor: 'root', request: 'r-9' },
    `select set_config('app.admin_reason', 'a ticket', true); ${insert}`,
    admin,
  )
  await as({ actor: 'root', request: 'r-9' }, insert, owner)
  const who = { actor: 'root', request_id: 'r-9' }
  expect(await logOf(other, owner)).toMatchObject([
    { ...who, source: 'admin', reason: 'a ticket' },
    { ...who, source: 'owner', reason: null },
  ])
})
