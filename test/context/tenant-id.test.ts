import { expect, test } from 'bun:test'
import { parseTenantId } from '../../src/context/index.ts'

const id = '550e8400-e29b-41d4-a716-446655440000'

test.each([id, id.toUpperCase(), '550E8400-e29b-41D4-a716-446655440000'])('%p is converted to lower case', (value) => {
  expect(parseTenantId(value) as string).toBe(id)
})

test.each([
  '00000000-0000-0000-0000-000000000000',
  '11111111-1111-1111-1111-111111111111',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
])('%p is valid, although its version is unusual', (value) => {
  expect(parseTenantId(value) as string).toBe(value)
})

test.each([
  '',
  'acme',
  id.slice(1),
  `${id}0`,
  `{${id}}`,
  ` ${id}`,
  `${id}\n`,
  `${id}\0`,
  id.replaceAll('-', ''),
  id.replace('5', 'g'),
  id.replace('5', '５'),
  `${id}, ${id}`,
  `${id}' or true --`,
])('%p is rejected', (value) => {
  expect(parseTenantId(value)).toBeUndefined()
})
