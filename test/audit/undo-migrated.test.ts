import { expect, test } from 'bun:test'
import { openUndoDatabase } from './undo-database.ts'

// A database of its own: these tests change its tables.
const database = await openUndoDatabase('text')

test('undo leaves out columns that a migration dropped, and refuses a change of dropped columns alone', async () => {
  const tenant = database.newTenant()
  await tenant.request(`insert into plain (id, name, gone) values (1, 'One', 'a')`)
  const both = await tenant.request(`update plain set name = 'Two', gone = 'b'`)
  await tenant.request(`insert into plain (id, name, gone) values (2, 'One', 'a')`)
  const alone = await tenant.request(`update plain set gone = 'b' where id = 2`)
  await database.owner`alter table plain drop column gone`
  expect((await tenant.undo(both)).changes).toEqual(['updated plain 1'])
  expect((await tenant.rows()).map(({ row }) => String(row).replace(tenant.tenant, ''))).toEqual([
    '(,1,One)',
    '(,2,One)',
  ])
  expect(await tenant.refusal(alone)).toEqual(['no_column plain 2'])
})

test('undo refuses a value that the column does not take any more', async () => {
  const tenant = database.newTenant()
  await tenant.request(`insert into people (id, name) values (1, 'One')`)
  const request = await tenant.request(`update people set name = '2'`)
  await database.owner`alter table people alter column name type int using name::int`
  expect(await tenant.refusal(request)).toEqual(['invalid people 1'])
})

test('undo refuses a table that is not audited any more, and one that is gone', async () => {
  const tenant = database.newTenant()
  const stopped = await tenant.request(`insert into lines values (default, 'A', 1, 'One')`)
  const dropped = await tenant.request(`insert into billing.invoices (id) values (1)`)
  await database.owner`select tenancy.stop_audit('lines')`
  await database.owner`drop table billing.invoices`
  expect(await tenant.refusal(stopped)).toEqual(['not_audited lines ["A", "1"]'])
  expect(await tenant.refusal(dropped)).toEqual(['not_audited billing.invoices 1'])
})

test('a request cannot be undone twice', async () => {
  const tenant = database.newTenant()
  const request = await tenant.request(`insert into parents (id) values (1)`)
  await tenant.undo(request)
  expect(await tenant.refusal(request)).toEqual(['changed_later parents 1'])
})
