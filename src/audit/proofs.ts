import { append, emptyTree, nodeHash, rootOf, sameHash } from './tree.ts'

// RFC 9162, section 2.1.3 and 2.1.4. Positions of the audit trail begin at 1, indexes of leaves at 0.

/**
 * Proves that a leaf is in a tree: the hashes beside its way to the root, from below (RFC 9162, section 2.1.3.1).
 *
 * @param leaves the hashes of all leaves, 32 bytes each
 * @param index of the leaf, from 0: its position less one
 * @throws RangeError when there is no such leaf
 * @example
 * inclusionProof(leaves, 5)
 */
export function inclusionProof(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length)
    throw new RangeError(`index must be a whole number below ${leaves.length} (got ${index})`)
  if (leaves.length === 1) return []
  const split = splitOf(leaves.length)
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)]
  return index < split
    ? [...inclusionProof(left, index), rootOfLeaves(right)]
    : [...inclusionProof(right, index - split), rootOfLeaves(left)]
}

/**
 * Verifies a proof of {@link inclusionProof} (RFC 9162, section 2.1.3.2).
 *
 * @param proven `leaf` and `root` are hashes, `index` begins at 0, `size` is the number of leaves below the root
 * @returns whether the leaf is at this index of the tree
 * @example
 * verifyInclusion({ leaf: leaves[5], index: 5, size: 8, root, proof })
 */
export function verifyInclusion(proven: {
  leaf: Uint8Array
  index: number
  size: number
  root: Uint8Array
  proof: readonly Uint8Array[]
}): boolean {
  const { leaf, index, size, root, proof } = proven
  if (!areSizes(index, size) || index >= size) return false
  let [at, last] = [index, size - 1]
  let hash = leaf
  for (const beside of proof) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(beside, hash)
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)]
    } else hash = nodeHash(hash, beside)
    ;[at, last] = [half(at), half(last)]
  }
  return last === 0 && sameHash(hash, root)
}

/**
 * Proves that a tree begins with the leaves of a smaller one (RFC 9162, section 2.1.4.1).
 *
 * @param leaves the hashes of all leaves of the larger tree, 32 bytes each
 * @param size the number of leaves of the smaller tree, at least 1
 * @throws RangeError when the larger tree has fewer leaves
 * @example
 * consistencyProof(leaves, 6)
 */
export function consistencyProof(leaves: readonly Uint8Array[], size: number): Uint8Array[] {
  if (!Number.isInteger(size) || size < 1 || size > leaves.length)
    throw new RangeError(`size must be a whole number from 1 to ${leaves.length} (got ${size})`)
  return subproof(leaves, size, true)
}

/** @param isKnown whether the verifier has the root of the first `size` leaves already */
function subproof(leaves: readonly Uint8Array[], size: number, isKnown: boolean): Uint8Array[] {
  if (size === leaves.length) return isKnown ? [] : [rootOfLeaves(leaves)]
  const split = splitOf(leaves.length)
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)]
  return size <= split
    ? [...subproof(left, size, isKnown), rootOfLeaves(right)]
    : [...subproof(right, size - split, false), rootOfLeaves(left)]
}

/**
 * Verifies a proof of {@link consistencyProof} (RFC 9162, section 2.1.4.2).
 *
 * @param proven the smaller tree and the larger one, each by its number of leaves and its root
 * @returns whether the larger tree begins with the leaves of the smaller one
 * @example
 * verifyConsistency({ first: { size: 6, root: saved }, second: { size: 8, root }, proof })
 */
export function verifyConsistency(proven: {
  first: { size: number; root: Uint8Array }
  second: { size: number; root: Uint8Array }
  proof: readonly Uint8Array[]
}): boolean {
  const { first, second, proof } = proven
  if (!areSizes(first.size, second.size) || first.size < 1 || first.size > second.size) return false
  if (first.size === second.size) return proof.length === 0 && sameHash(first.root, second.root)
  const [start, ...rest] = isPowerOfTwo(first.size) ? [first.root, ...proof] : proof
  if (!start || proof.length === 0) return false
  let [at, last] = [first.size - 1, second.size - 1]
  while (at % 2 === 1) [at, last] = [half(at), half(last)]
  let [older, newer] = [start, start]
  for (const beside of rest) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      ;[older, newer] = [nodeHash(beside, older), nodeHash(beside, newer)]
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)]
    } else newer = nodeHash(newer, beside)
    ;[at, last] = [half(at), half(last)]
  }
  return last === 0 && sameHash(older, first.root) && sameHash(newer, second.root)
}

const rootOfLeaves = (leaves: readonly Uint8Array[]): Uint8Array => rootOf(leaves.reduce(append, emptyTree))
/** The largest power of two that is smaller than a number. Not with `<<`, which has 32 bits. */
const splitOf = (size: number): number => 2 ** ((size - 1).toString(2).length - 1)
const isPowerOfTwo = (size: number): boolean => /^10*$/.test(size.toString(2))
const half = (number: number): number => Math.floor(number / 2)
const areSizes = (...numbers: number[]): boolean =>
  numbers.every((number) => Number.isSafeInteger(number) && number >= 0)
