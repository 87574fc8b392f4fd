import { describe, expect, test } from 'bun:test'
import { parseColumns } from '../../../src/cli/add/columns.ts'
import { namesOf } from '../../../src/cli/add/names.ts'

describe('--columns', () => {
  test('reads names, types, values, tables and nullable columns', () => {
    const text = 'name:text, due_at:timestamptz?, total:numeric(10, 2), status:open|paid, customerId:customers'
    const columns = parseColumns(text)
    expect(columns.map(({ key, name, isNullable }) => [key, name, isNullable])).toEqual([
      ['name', 'name', false],
      ['dueAt', 'due_at', true],
      ['total', 'total', false],
      ['status', 'status', false],
      ['customerId', 'customer_id', false],
    ])
    expect(columns.map(({ kind }) => kind.references ?? kind.builder)).toEqual([
      ...['text', 'timestamp', 'numeric', 'text', 'customers'],
    ])
  })

  test.each([
    ['', '--columns must name a column'],
    ['name', '--columns: "name" must be name:type, such as dueAt:timestamptz'],
    ['na-me:text', '--columns: "na-me:text" must be name:type'],
    ['id:uuid', '--columns: every table has id already'],
    ['tenant_id:uuid', '--columns: every table has tenantId already'],
    ['dueAt:date, due_at:date', '--columns names dueAt twice'],
    ['name:string', '--columns: the type "string" is unknown. Known are text, '],
    ["name:'; drop", `--columns: the type "'; drop" is unknown`],
    ['total:numeric(2, 3)', '--columns: numeric(2, 3) must have 1 to 1000 digits'],
  ])('rejects %j', (text, message) => {
    expect(() => parseColumns(text)).toThrow(message)
  })
})

describe('the names of a resource', () => {
  test.each([
    ['projects', 'project'],
    ['line_items', 'lineItem'],
    ['categories', 'category'],
    ['addresses', 'address'],
    ['boxes', 'box'],
    ['houses', 'house'],
    ['people', 'person'],
    ['statuses', 'statuse'],
    ['news', 'new'],
  ])('of the table %s have the singular %s, unless it is a reserved word', (table, one) => {
    if (one === 'new') expect(() => namesOf(table)).toThrow('new is a word of JavaScript')
    else expect(namesOf(table).one).toBe(one)
  })

  test('take another singular from --singular', () => {
    expect(namesOf('statuses', 'status')).toMatchObject({ one: 'status', One: 'Status', many: 'statuses' })
  })

  test.each(['Projects', 'line-items', '1st', 'a'.repeat(41), "x'; drop", ''])('reject %j', (table) => {
    expect(() => namesOf(table)).toThrow('must be a name in snake_case of at most 40 characters')
  })
})
