import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from '../../src/audit/proofs.ts'
import { tries } from '../properties/settings.ts'
import { fromHex, hex, leavesOf, rootByDefinition, rootsOfVectors, vectorLeaves } from './vectors.ts'

const rootAt = (size: number) => fromHex(rootsOfVectors[size - 1] ?? '')
const last = fromHex('00'.repeat(32))

describe('the vectors of Certificate Transparency', () => {
  test.each([
    [0, 1, []],
    [
      ...[0, 8],
      [
        '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
      ],
    ],
    [
      ...[5, 8],
      [
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
        'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    ],
    [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
    [
      ...[1, 5],
      [
        '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      ],
    ],
  ] as [number, number, string[]][])('have the inclusion proof of leaf %d in %d', (index, size, expected) => {
    const proof = inclusionProof(vectorLeaves.slice(0, size), index)
    expect(proof.map(hex)).toEqual(expected)
    expect(verifyInclusion({ leaf: vectorLeaves[index] ?? last, index, size, root: rootAt(size), proof })).toBe(true)
  })

  test.each([
    [1, 1, []],
    [
      ...[1, 8],
      [
        '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
      ],
    ],
    [
      ...[6, 8],
      [
        '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
        'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    ],
    [
      ...[2, 5],
      [
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      ],
    ],
  ] as [number, number, string[]][])('have the consistency proof of %d in %d', (size, larger, expected) => {
    const proof = consistencyProof(vectorLeaves.slice(0, larger), size)
    expect(proof.map(hex)).toEqual(expected)
    const [first, second] = [size, larger].map((each) => ({ size: each, root: rootAt(each) })) as [Head, Head]
    expect(verifyConsistency({ first, second, proof })).toBe(true)
  })
})

interface Head {
  size: number
  root: Uint8Array
}
const headOf = (leaves: readonly Uint8Array[], size: number): Head => ({
  size,
  root: rootByDefinition(leaves.slice(0, size)),
})

const indexAndSize = fc
  .integer({ min: 1, max: 70 })
  .chain((size) => fc.tuple(fc.integer({ min: 0, max: size - 1 }), fc.constant(size)))

/** Every way to change one hash of a proof, to leave one out or to add one. */
const wrongProofs = (proof: readonly Uint8Array[]): Uint8Array[][] => [
  [...proof, last],
  [last, ...proof],
  ...proof.map((_, at) => proof.with(at, last)),
  ...proof.map((_, at) => proof.toSpliced(at, 1)),
]

test('a leaf is proved at its index, and neither elsewhere nor by another proof', () => {
  fc.assert(
    fc.property(indexAndSize, fc.nat({ max: 80 }), ([index, size], other) => {
      const leaves = leavesOf(size)
      const leaf = leaves[index] ?? last
      const proven = { leaf, index, size, root: headOf(leaves, size).root, proof: inclusionProof(leaves, index) }
      expect(verifyInclusion(proven)).toBe(true)
      if (other !== index) expect(verifyInclusion({ ...proven, index: other })).toBe(false)
      expect(verifyInclusion({ ...proven, leaf: last })).toBe(false)
      expect(verifyInclusion({ ...proven, root: last })).toBe(false)
      for (const proof of wrongProofs(proven.proof)) expect(verifyInclusion({ ...proven, proof })).toBe(false)
    }),
    tries(60),
  )
})

test('a tree is proved to begin with a smaller one, and with no other', () => {
  fc.assert(
    fc.property(indexAndSize, ([index, size]) => {
      const leaves = leavesOf(size)
      const [first, second] = [headOf(leaves, index + 1), headOf(leaves, size)]
      const proof = consistencyProof(leaves, index + 1)
      expect(verifyConsistency({ first, second, proof })).toBe(true)
      expect(verifyConsistency({ first: { ...first, root: last }, second, proof })).toBe(false)
      expect(verifyConsistency({ first, second: { ...second, root: last }, proof })).toBe(false)
      for (const wrong of wrongProofs(proof)) expect(verifyConsistency({ first, second, proof: wrong })).toBe(false)
    }),
    tries(60),
  )
})

test('what is no proof is refused', () => {
  const leaves = leavesOf(4)
  const { root } = headOf(leaves, 4)
  const leaf = leaves[0] ?? last
  for (const [index, size] of [
    [4, 4],
    [-1, 4],
    [0, 0],
    [0.5, 4],
    [0, Number.NaN],
  ] as const)
    expect(verifyInclusion({ leaf, index, size, root, proof: [] })).toBe(false)
  const head = headOf(leaves, 4)
  expect(verifyConsistency({ first: head, second: headOf(leaves, 2), proof: [] })).toBe(false)
  expect(verifyConsistency({ first: { size: 0, root }, second: head, proof: [] })).toBe(false)
  expect(() => inclusionProof(leaves, 4)).toThrow(RangeError)
  expect(() => consistencyProof(leaves, 5)).toThrow(RangeError)
  expect(() => consistencyProof(leaves, 0)).toThrow(RangeError)
})
