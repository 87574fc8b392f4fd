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
    ['name:text(0)', '--columns: text(0) must have room for a character'],
    ['total:numeric(2, 3)', '--columns: numeric(2, 3) must have 1 to 1000 digits'],
  ])('rejects %j', (text, message) => {
    expect(() => parseColumns(text)).toThrow(message)
  })
})

test('--columns refuses the tenant column of the project', () => {
  expect(() => parseColumns('orgId:uuid', 'org_id')).toThrow('--columns: every table has orgId already')
})

test('--columns takes a word of JavaScript as the name of a table', () => {
  expect(parseColumns('a:constructor')[0]?.kind.references).toBe('constructor')
})

test.each([
  ['text(3)', ["'Fir'", "'Sec'"]],
  ['text(1)', ["'F'", "'S'"]],
  ['numeric(3, 3)', ["'0.100'", "'0.200'"]],
  ['numeric(4, 3)', ["'1.500'", "'2.500'"]],
])('the samples of %s fit into it', (type, samples) => {
  expect<string[] | undefined>(parseColumns(`a:${type}`)[0]?.kind.samples).toEqual(samples)
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

  test.each(['text', 'index', 'api_errors', 'dates', 'objects', 'values', 'errors', 'timestamp', 'row_version'])(
    'reject %s, which the code of a resource uses itself',
    (table) => expect(() => namesOf(table)).toThrow('is a word of JavaScript or of the app: choose another name'),
  )

  test('take another singular from --singular', () => {
    expect(namesOf('statuses', 'status')).toMatchObject({ one: 'status', One: 'Status', many: 'statuses' })
  })

  test.each(['Projects', 'line-items', '1st', 'a'.repeat(41), "x'; drop", ''])('reject %j', (table) => {
    expect(() => namesOf(table)).toThrow('must be a name in snake_case of at most 40 characters')
  })
})
