import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { append, emptyTree, leafHash, nodeHash, rootOf } from '../../src/audit/tree.ts'
import { tries } from '../properties/settings.ts'
import { hex, leavesOf, rootByDefinition, rootsOfVectors, vectorLeaves } from './vectors.ts'

test('the empty tree, a leaf and a node have the hashes of RFC 6962', () => {
  expect(hex(rootOf(emptyTree))).toBe(createHash('sha256').digest('hex'))
  expect(hex(leafHash(new Uint8Array()))).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d')
  const [left, right] = [Buffer.from('N123'), Buffer.from('N456')]
  expect(hex(nodeHash(left, right))).toBe('aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb')
})

test.each(rootsOfVectors.map((root, at) => [at + 1, root] as const))(
  'the first %d leaves of the vectors of Certificate Transparency have their root',
  (size, root) => expect(hex(rootOf(vectorLeaves.slice(0, size).reduce(append, emptyTree)))).toBe(root),
)

describe('append()', () => {
  test('gives the root that the definition gives, for every size', () => {
    let tree = emptyTree
    const leaves = leavesOf(130)
    for (const [at, leaf] of leaves.entries()) {
      tree = append(tree, leaf)
      expect(hex(rootOf(tree))).toBe(hex(rootByDefinition(leaves.slice(0, at + 1))))
    }
  })

  test('keeps a subtree for each 1 of the size in binary, and no other hash', () => {
    fc.assert(
      fc.property(fc.nat({ max: 300 }), (size) => {
        const tree = leavesOf(size).reduce(append, emptyTree)
        expect([tree.size, tree.trees.length]).toEqual([size, size.toString(2).replaceAll('0', '').length])
      }),
      tries(30),
    )
  })

  test('leaves the given tree as it is', () => {
    const [one, other] = leavesOf(2)
    const tree = append(emptyTree, one as Uint8Array)
    const before = hex(rootOf(tree))
    append(tree, other as Uint8Array)
    expect([tree.size, hex(rootOf(tree))]).toEqual([1, before])
  })

  test('refuses a tree whose subtrees do not fit its size', () => {
    const [leaf] = leavesOf(1) as [Uint8Array]
    expect(() => append({ size: 1, trees: [] }, leaf)).toThrow('A tree of 1 leaves has 1 full subtrees')
    expect(() => rootOf({ size: 2, trees: [leaf, leaf] })).toThrow('A tree of 2 leaves has 1 full subtrees')
    expect(() => rootOf({ size: 0, trees: [leaf] })).toThrow('A tree of 0 leaves has 0 full subtrees')
  })
})
