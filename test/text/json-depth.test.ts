import { expect, test } from 'bun:test'
import { assert, json, property } from 'fast-check'
import { nestsDeeperThan } from '../../src/text/index.ts'
import { tries } from '../properties/settings.ts'

const deeperThan = (text: string, max: number) => nestsDeeperThan(new TextEncoder().encode(text), max)

test.each([
  ['1', 0, false],
  ['[]', 0, true],
  ['[]', 1, false],
  ['[{"a":[1]}]', 2, true],
  ['[{"a":[1]}]', 3, false],
  ['[[],[],[]]', 2, false],
  ['"[[["', 0, false],
  [String.raw`["\"[[[", "\\", [1]]`, 1, true],
  [String.raw`["\"[[[", "\\", 1]`, 1, false],
])('%s nests deeper than %d: %p', (text, max, expected) => expect(deeperThan(text, max)).toBe(expected))

const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0

test('finds the depth of any JSON', () => {
  assert(
    property(json({ noUnicodeString: false }), (text) => {
      const depth = depthOf(JSON.parse(text))
      expect([deeperThan(text, depth), depth > 0 && deeperThan(text, depth - 1)]).toEqual([false, depth > 0])
    }),
    tries(300),
  )
})

test('reads no further than the first level too many', () => {
  let reads = 0
  const brackets = new Proxy(new Uint8Array(131_072).fill(0x5b), {
    get(target, name) {
      reads += name === 'length' ? 0 : 1
      return Reflect.get(target, name, target)
    },
  })
  expect(nestsDeeperThan(brackets, 64)).toBe(true)
  expect(reads).toBe(65)
})
