import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { checks } from '../../src/isolation/index.ts'
import { mutations } from '../deep/mutation/mutations.ts'
import { guarantees } from './guarantees.ts'
import { tables } from './tables.ts'

const read = (path: string) => Bun.file(join(import.meta.dir, '../..', path)).text()

test.each(Object.keys(tables))('%s is what "bun run docs" writes', async (path) => {
  expect(await read(path)).toBe(tables[path] ?? '')
})

describe('guarantee', () => {
  const kept = guarantees.filter(({ tests }) => tests.length > 0)

  test('none is still to be kept', () => {
    expect(guarantees.filter((guarantee) => !kept.includes(guarantee)).map(({ number }) => number)).toEqual([])
  })

  test('numbers run from 1 to 28', () => {
    expect(guarantees.map(({ number }) => number)).toEqual(Array.from({ length: 28 }, (_, n) => n + 1))
  })
})

test('the doctor’s checks that the mutations name are there', () => {
  const names = checks.map(({ check }) => check)
  expect(mutations.flatMap(({ doctor }) => doctor ?? []).filter((name) => !names.includes(name))).toEqual([])
})
