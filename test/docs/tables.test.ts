import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { checks } from '../../src/isolation/index.ts'
import { databaseMutations } from '../deep/mutation/database-mutations.ts'
import { guarantees } from './guarantees.ts'
import { tables } from './tables.ts'

const read = (path: string) => Bun.file(join(import.meta.dir, '../..', path)).text()

test.each(Object.keys(tables))('%s is what "bun run docs" writes', async (path) => {
  expect(await read(path)).toBe(tables[path] ?? '')
})

test('each guarantee has a number of its own, in ascending order', () => {
  const numbers = guarantees.map(({ number }) => number)
  expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b))
})

test('each check that a mutation names is a check of the doctor', () => {
  const ids = checks.map(({ check }) => check)
  expect(databaseMutations.map(({ check }) => check).filter((check) => !ids.includes(check))).toEqual([])
})
