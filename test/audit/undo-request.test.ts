import { describe, expect, test } from 'bun:test'
import { openUndoDatabase } from './undo-database.ts'

const database = await openUndoDatabase('uuid')

test('undoing the request of another tenant finds nothing and changes nothing', async () => {
  const [own, other] = [database.newTenant(), database.newTenant()]
  const request = await own.request(`insert into parents (id, name) values (1, 'Own')`)
  await other.again(request, `insert into parents (id, name) values (1, 'Other')`)
  const stranger = database.newTenant()
  const before = [await own.rows(), await other.rows()]
  expect((await stranger.undo(request)).changes).toEqual([])
  expect([await own.rows(), await other.rows()]).toEqual(before)
  expect((await own.undo(request)).changes).toEqual(['deleted parents 1'])
  expect(await other.rows()).toEqual(before[1] ?? [])
})

/** What a request does, after another one has made rows, and what its undo says. */
const undone: [name: string, before: string[], statements: string[], changes: string[]][] = [
  ['a created row', [], [`insert into parents (id) values (1)`], ['deleted parents 1']],
  [
    'a changed row',
    [`insert into lines values (default, 'A', 1, 'One')`],
    [`update lines set name = 'Two' where place = 1`],
    ['updated lines ["A", "1"]'],
  ],
  [
    'a deleted row',
    [`insert into lines values (default, '["x", 1]', 1, null)`],
    [`delete from lines`],
    ['restored lines ["[\\"x\\", 1]", "1"]'],
  ],
  [
    'a row that was created, changed and deleted',
    [],
    [`insert into lines values (default, 'A', 1, 'One')`, `update lines set name = 'Two'`, `delete from lines`],
    ['restored', 'updated', 'deleted'].map((action) => `${action} lines ["A", "1"]`),
  ],
  [
    'a row that was deleted and created again, twice',
    [`insert into lines values (default, 'A', 1, 'One')`],
    [
      `delete from lines`,
      `insert into lines values (default, 'A', 1, 'Two')`,
      `update lines set name = 'Three'`,
      `delete from lines`,
      `insert into lines values (default, 'A', 1, 'Four')`,
    ],
    ['deleted', 'restored', 'updated', 'deleted', 'restored'].map((action) => `${action} lines ["A", "1"]`),
  ],
  [
    'a row whose key changed',
    [`insert into lines values (default, 'A', 1, 'One')`],
    [`update lines set name = 'Two'`, `update lines set invoice = 'B', place = 7`],
    ['updated lines ["B", "7"]', 'updated lines ["A", "1"]'],
  ],
  [
    'rows that swapped a unique value',
    [`insert into lines values (default, 'A', 1, 'One'), (default, 'A', 2, 'Two')`],
    [
      `update lines set place = 3 where place = 1`,
      `update lines set place = 1 where place = 2`,
      `update lines set place = 2 where place = 3`,
    ],
    ['updated lines ["A", "2"]', 'updated lines ["A", "1"]', 'updated lines ["A", "3"]'],
  ],
  [
    'a parent and its child',
    [],
    [`insert into parents (id) values (1)`, `insert into orders (id, parent) values (2, 1)`],
    ['deleted orders 2', 'deleted parents 1'],
  ],
  [
    'a deleted child and its parent',
    [`insert into parents (id) values (1)`, `insert into orders (id, parent) values (2, 1)`],
    [`delete from orders`, `delete from parents`],
    ['restored parents 1', 'restored orders 2'],
  ],
  [
    'rows of one statement that reference each other',
    [],
    [`insert into knots (id, other) values (1, null), (2, 1), (3, 2)`],
    ['deleted knots 3', 'deleted knots 2', 'deleted knots 1'],
  ],
  [
    'two rows that reference each other',
    [`insert into knots (id, other) values (1, 2), (2, 1)`],
    [`delete from knots`],
    ['restored knots 2', 'restored knots 1'],
  ],
  [
    'a parent with rows that fell with it, one of which was changed before',
    [
      `insert into parents (id) values (1)`,
      `insert into children (id, parent, name) values (10, 1, 'Ten'), (11, 1, 'Eleven')`,
    ],
    [`update children set name = 'Changed' where id = 10`, `delete from parents`],
    ['restored parents 1', 'restored children 11', 'restored children 10', 'updated children 10'],
  ],
  [
    'a child that was deleted before its parent fell with another one',
    [`insert into parents (id) values (1)`, `insert into children (id, parent) values (10, 1), (11, 1)`],
    [`delete from children where id = 10`, `delete from parents`],
    ['restored parents 1', 'restored children 10', 'restored children 11'],
  ],
  [
    'a parent whose reference was set to null',
    [`insert into parents (id) values (1)`, `insert into notes (id, parent, name) values (20, 1, 'Note')`],
    [`delete from parents`],
    ['restored parents 1', 'updated notes 20'],
  ],
  [
    'a row of a table outside of public',
    [`insert into billing.invoices (id, name) values (1, 'One')`],
    [`update billing.invoices set name = 'Two'`, `insert into billing.invoices (id) values (2)`],
    ['deleted billing.invoices 2', 'updated billing.invoices 1'],
  ],
  [
    'a row of a table with upper case and blanks in its names',
    [`insert into "Odd Schema"."My Table" values (default, '[1', 'One')`],
    [`update "Odd Schema"."My Table" set "A and B" = 'Two'`, `delete from "Odd Schema"."My Table"`],
    ['restored Odd Schema.My Table [1', 'updated Odd Schema.My Table [1'],
  ],
  [
    'a change of a row without redacted columns, in a table that has some',
    [`insert into people (id, email, name) values (1, 'ada@a.example', 'Ada')`],
    [`update people set name = 'Eve'`, `delete from people`],
    ['restored people 1', 'updated people 1'],
  ],
]

const withoutTimes = (rows: Record<string, unknown>[]) =>
  rows.map(({ row }) => String(row).replace(/"?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^,)]*/, 'then'))

describe('undo of a request', () => {
  test.each(undone)('takes back %s, and its own undo does it again', async (_name, before, statements, changes) => {
    const tenant = database.newTenant()
    await tenant.request(...before)
    const first = await tenant.rows()
    const request = await tenant.request(...statements)
    const second = await tenant.rows()
    const undo = await tenant.undo(request)
    expect(undo.changes).toEqual(changes)
    expect(withoutTimes(await tenant.rows())).toEqual(withoutTimes(first))
    const redo = await tenant.undo(undo.requestId)
    expect(withoutTimes(await tenant.rows())).toEqual(withoutTimes(second))
    await tenant.undo(redo.requestId)
    expect(withoutTimes(await tenant.rows())).toEqual(withoutTimes(first))
  })

  test('takes back a restore', async () => {
    const tenant = database.newTenant()
    await tenant.request(`insert into parents (id) values (1)`, `insert into children (id, parent) values (10, 1)`)
    await tenant.request(`delete from parents`)
    const restore = await tenant.request(`select tenancy.restore('public.parents', '1')`)
    expect((await tenant.undo(restore)).changes).toEqual(['deleted children 10', 'deleted parents 1'])
    expect(await tenant.rows()).toEqual([])
  })

  test('gives the row a new version', async () => {
    const tenant = database.newTenant()
    await tenant.request(`insert into parents (id, name) values (1, 'One')`)
    const request = await tenant.request(`update parents set name = 'Two'`)
    const changed = await tenant.rows()
    await tenant.undo(request)
    const [before, after] = [changed[0]?.row, (await tenant.rows())[0]?.row].map((row) => String(row).split(',').at(-1))
    expect(String(after) > String(before)).toBe(true)
  })

  test('keeps every digit of odd types', async () => {
    const tenant = database.newTenant()
    await tenant.request(`insert into odd (id, doc, docb, tags, amount, at, flag, zero, raw) values (1, '{"b": 1, "a": 2, "a": 3}', 'null',
      '[2:3]={"a,b",null}', 123456789012345678901234567890.1234567890, '2026-01-01 00:00:00.123456+02', true, '-0', '\\x00ff')`)
    const first = await tenant.rows()
    const request =
      await tenant.request(`update odd set doc = null, docb = '{}', tags = null, amount = 1, at = 'infinity', flag = null,
      zero = 'NaN', raw = null`)
    await tenant.undo(request)
    expect(await tenant.rows()).toEqual(first)
    await tenant.undo(await tenant.request(`delete from odd`))
    expect(await tenant.rows()).toEqual(first)
  })

  test('is an entry of the audit trail, and its changes are entries of its own request', async () => {
    const tenant = database.newTenant()
    const request = await tenant.request(`insert into parents (id) values (1)`)
    const undo = await tenant.undo(request)
    expect([
      ...(await database.owner`
        select action, resource, target_id, actor, source from tenancy.audit_trail
        where tenant_id = ${tenant.tenant} and request_id = ${undo.requestId} order by at, id`),
    ]).toEqual([
      { action: 'deleted', resource: 'parents', target_id: '1', actor: 'ada', source: 'request' },
      { action: 'request.undone', resource: 'request', target_id: request, actor: 'ada', source: 'event' },
    ])
  })

  test('takes back several transactions of one id, when all are asked for', async () => {
    const tenant = database.newTenant()
    const request = await tenant.request(`insert into parents (id, name) values (1, 'One')`)
    await tenant.again(request, `update parents set name = 'Two'`)
    expect(await tenant.refusal(request)).toBe('RH023')
    expect((await tenant.undo(request, true)).changes).toEqual(['updated parents 1', 'deleted parents 1'])
    expect(await tenant.rows()).toEqual([])
  })
})
