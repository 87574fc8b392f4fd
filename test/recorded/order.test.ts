import { expect, test } from 'bun:test'
import { openUndoDatabase } from '../audit/undo-database.ts'

const database = await openUndoDatabase('uuid')

// docs/what-happens-in-a-write.md says so, and tenancy.take_deleted() needs the trash in front of the audit trail. Ids have their time.
test('a DELETE keeps the row, then records it, then does so for the rows that fell with it', async () => {
  const tenant = database.newTenant()
  await tenant.request(
    `insert into parents (id) values (1)`,
    `insert into children (id, parent) values (10, 1)`,
    `insert into notes (id, parent) values (20, 1)`,
  )
  const request = await tenant.request(`delete from parents`)
  const found = await database.owner`
    select at.* from (
      select id, 'trash' as "where", resource, case when reference is null then 'row' else 'reference' end as what
      from tenancy.trash where tenant_id = ${tenant.tenant} and request_id = ${request}
      union all
      select id, 'audit', resource, action from tenancy.audit_trail where tenant_id = ${tenant.tenant} and request_id = ${request}) as at
    order by id`
  expect(found.map(({ where, resource, what }) => `${where}: ${resource} ${what}`)).toEqual([
    'trash: notes reference',
    'trash: parents row',
    'audit: parents deleted',
    'trash: children row',
    'audit: children deleted',
    'audit: notes updated',
  ])
})
