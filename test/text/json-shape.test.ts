import { describe, expect, test } from 'bun:test'
import { assert, json, property } from 'fast-check'
import { jsonExceeds } from '../../src/text/index.ts'
import { tries } from '../properties/settings.ts'

const exceeds = (text: string, limits: { depth?: number; nodes?: number; fields?: number }) =>
  jsonExceeds(new TextEncoder().encode(text), { depth: 64, nodes: 10_000, fields: 1000, ...limits })

describe('depth', () => {
  test.each([
    ['1', 0, undefined],
    ['[]', 0, 'depth'],
    ['[]', 1, undefined],
    ['[{"a":[1]}]', 2, 'depth'],
    ['[{"a":[1]}]', 3, undefined],
    ['[[],[],[]]', 2, undefined],
    ['"[[["', 0, undefined],
    [String.raw`["\"[[[", "\\", [1]]`, 1, 'depth'],
    [String.raw`["\"[[[", "\\", 1]`, 1, undefined],
  ] as const)('of %s with a limit of %d: %p', (text, depth, expected) =>
    expect(exceeds(text, { depth })).toBe(expected),
  )

  test('is found in any JSON', () => {
    const depthOf = (value: unknown): number =>
      typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0
    assert(
      property(json(), (text) => {
        const depth = depthOf(JSON.parse(text))
        expect(exceeds(text, { depth })).toBeUndefined()
        if (depth > 0) expect(exceeds(text, { depth: depth - 1 })).toBe('depth')
      }),
      tries(300),
    )
  })
})

describe('arrays and objects', () => {
  test.each([
    ['1', 0, undefined],
    ['[]', 0, 'nodes'],
    ['[[],{}]', 3, undefined],
    ['[[],{}]', 2, 'nodes'],
    ['["[","{"]', 1, undefined],
  ] as const)('of %s with a limit of %d: %p', (text, nodes, expected) =>
    expect(exceeds(text, { nodes })).toBe(expected),
  )
})

describe('fields', () => {
  test.each([
    ['{}', 0, undefined],
    ['{"a":1}', 1, undefined],
    ['{"a":1,"b":2}', 1, 'fields'],
    ['{"a":1,"a":2}', 1, 'fields'],
    ['{"a,b":"c,d"}', 1, undefined],
    ['{"a":[1,2,3],"b":{"c":1,"d":2}}', 2, undefined],
    ['[1,2,3]', 1, undefined],
    ['[{"a":1,"b":2}]', 1, undefined],
  ] as const)('of %s with a limit of %d: %p', (text, fields, expected) =>
    expect(exceeds(text, { fields })).toBe(expected),
  )
})

test('reads no further than the first excess', () => {
  const readsOf = (text: string) => {
    let reads = 0
    const counted = new Proxy(new TextEncoder().encode(text), {
      get(bytes, name) {
        reads += name === 'length' ? 0 : 1
        return Reflect.get(bytes, name, bytes)
      },
    })
    jsonExceeds(counted, { depth: 64, nodes: 10_000, fields: 1000 })
    return reads
  }
  expect(readsOf('['.repeat(131_072))).toBe(65)
  expect(readsOf(`{${'"":0,'.repeat(20_000)}"":0}`)).toBe(1 + 5 * 1000)
})
