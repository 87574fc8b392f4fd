import { describe, expect, test } from 'bun:test'
import { openUndoDatabase } from './undo-database.ts'

const database = await openUndoDatabase('bigint')

const parent = `insert into parents (id, name, code) values (1, 'One', 'A')`
const refused: [name: string, before: string[], request: string[], later: string[], problems: string[]][] = [
  [
    'the row was changed later',
    [parent],
    [`update parents set name = 'Two'`],
    [`update parents set code = 'B'`],
    ['changed_later parents 1'],
  ],
  ['the created row was changed later', [], [parent], [`update parents set name = 'Two'`], ['changed_later parents 1']],
  [
    'the row was deleted later',
    [parent],
    [`update parents set name = 'Two'`],
    [`delete from parents`],
    ['changed_later parents 1'],
  ],
  [
    'the deleted row was made again later',
    [parent],
    [`delete from parents`],
    [`insert into parents (id) values (1)`],
    ['changed_later parents 1'],
  ],
  [
    'the deleted row was restored and deleted later',
    [parent],
    [`delete from parents`],
    [`select tenancy.restore('public.parents', '1')`, `delete from parents`],
    ['changed_later parents 1'],
  ],
  [
    'the deleted row left the trash for good',
    [parent],
    [`delete from parents`],
    [`select tenancy.discard('parents', '1')`],
    ['changed_later parents 1'],
  ],
  [
    'another row has its unique value',
    [parent],
    [`delete from parents`],
    [`insert into parents (id, code) values (2, 'A')`],
    ['exists parents 1'],
  ],
  [
    'another row has got the unique value that it had',
    [parent],
    [`update parents set code = 'B'`],
    [`insert into parents (id, code) values (2, 'A')`],
    ['exists parents 1'],
  ],
  [
    'a row came later that falls with a created one',
    [],
    [parent],
    [`insert into children (id, parent) values (10, 1)`],
    ['would_change children 10'],
  ],
  [
    'a row came later whose reference would be set to null',
    [],
    [parent],
    [`insert into notes (id, parent) values (20, 1)`],
    ['would_change notes 20'],
  ],
  [
    'a row came later that references a created one',
    [],
    [parent],
    [`insert into orders (id, parent) values (30, 1)`],
    ['reference parents 1'],
  ],
  [
    'a row came later whose reference is checked at the end',
    [],
    [`insert into knots (id) values (1)`],
    [`insert into knots (id, other) values (2, 1)`],
    ['reference knots null'],
  ],
  [
    'the parent of a deleted row is gone',
    [parent, `insert into orders (id, parent) values (30, 1)`],
    [`delete from orders`],
    [`delete from parents`],
    ['reference orders 30'],
  ],
  [
    'a table keeps no deleted rows',
    [`insert into plain (id) values (1), (2)`],
    [`delete from plain where id = 1`, `update plain set name = 'Two'`],
    [],
    ['not_in_trash plain 1'],
  ],
  [
    'a redacted column was changed',
    [`insert into people (id, email) values (1, 'ada@a.example')`],
    [`update people set email = 'eve@a.example'`],
    [],
    ['redacted people 1'],
  ],
]

describe('undo of a request is refused and changes nothing', () => {
  test.each(refused)('when %s', async (_name, before, statements, later, problems) => {
    const tenant = database.newTenant()
    await tenant.request(...before)
    const request = await tenant.request(`insert into lines values (default, 'A', 1, 'Beside')`, ...statements)
    if (later.length > 0) await tenant.request(...later)
    const rows = await tenant.rows()
    expect(await tenant.refusal(request)).toEqual(problems)
    expect(await tenant.rows()).toEqual(rows)
  })

  test('when the changes were erased', async () => {
    const tenant = database.newTenant()
    await tenant.request(parent)
    const request = await tenant.request(`update parents set name = 'Two'`)
    await database.owner`select tenancy.erase_audit_changes(${tenant.tenant}, 'parents', '1')`
    expect(await tenant.refusal(request)).toEqual(['erased parents 1'])
  })

  test('for the transactions of one id, when another request came between them', async () => {
    const tenant = database.newTenant()
    const request = await tenant.request(parent)
    await tenant.request(`update parents set name = 'Two'`)
    await tenant.again(request, `update parents set name = 'Three'`)
    const rows = await tenant.rows()
    expect(await tenant.refusal(request, true)).toEqual(['changed_later parents 1'])
    expect(await tenant.rows()).toEqual(rows)
  })

  test('when the request is older than 24 hours', async () => {
    const tenant = database.newTenant()
    const request = await tenant.request(parent)
    await database.owner.begin(async (tx) => {
      await tx`set local session_replication_role = replica` // else a trigger refuses it
      await tx`update tenancy.audit_queue set at = at - interval '24 hours 1 minute' where request_id = ${request}`
    })
    expect(await tenant.refusal(request)).toBe('RH022')
    expect(await tenant.rows()).toHaveLength(1)
  })
})

test('one of two undos of a request at once wins, and the other one is refused', async () => {
  for (const statements of [
    [`insert into parents (id) values (3)`],
    [`update parents set name = 'Two' where id = 1`],
    [`delete from parents where id = 1`],
    [
      `delete from parents where id = 1`,
      `insert into parents (id) values (1)`,
      `update parents set name = 'Two' where id = 1`,
    ],
  ]) {
    const tenant = database.newTenant()
    await tenant.request(parent)
    const request = await tenant.request(...statements)
    const results = await Promise.all([tenant.refusal(request), tenant.refusal(request)])
    expect(results.filter((result) => result === undefined)).toHaveLength(1)
    expect(results.find((result) => result !== undefined)).toBeArray()
  }
})
