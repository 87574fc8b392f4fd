import { expect, test } from 'bun:test'
import { owner } from '../database/shared-database.ts'
import { addUser, asTenant, connectAsAppUser } from '../db/app-user.ts'
import { newTenant } from '../tenants.ts'

// What must always happen is a trigger: it happens for SQL that no code of Rowhouse sent.
test('a DELETE by hand, as the serving role with the tenant set, is in the audit trail and in the trash', async () => {
  const sql = connectAsAppUser()
  const tenant = newTenant()
  const id = await addUser(sql, tenant)
  await asTenant(sql, tenant, (tx) => tx`delete from users where id = ${id}`)
  const entries = await owner`
    select action, resource, target_id, actor, request_id, source from tenancy.audit_trail where tenant_id = ${tenant} order by at, id`
  const entry = { resource: 'users', target_id: id, actor: null, request_id: null, source: 'trigger' }
  expect([...entries]).toEqual([
    { action: 'created', ...entry },
    { action: 'deleted', ...entry },
  ])
  const trash =
    await owner`select resource, target_id, actor, request_id from tenancy.trash where tenant_id = ${tenant}`
  expect([...trash]).toEqual([{ resource: 'users', target_id: id, actor: null, request_id: null }])
})
