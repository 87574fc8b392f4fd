import { createHash } from 'node:crypto'

const leafPrefix = Uint8Array.of(0)
const nodePrefix = Uint8Array.of(1)

/** The root of the tree without leaves: SHA-256 of nothing (RFC 6962, section 2.1). */
export const emptyRoot: Uint8Array = createHash('sha256').digest()

/** The hash of a leaf, as 32 bytes (RFC 6962, section 2.1). */
export const leafHash = (leaf: Uint8Array): Uint8Array => createHash('sha256').update(leafPrefix).update(leaf).digest()

/** The hash of a node above two others, as 32 bytes (RFC 6962, section 2.1). */
export const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  createHash('sha256').update(nodePrefix).update(left).update(right).digest()

/** Compares two hashes. They are public, so the time that it takes tells nothing. */
export const sameHash = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, at) => byte === other[at])

/** A Merkle tree that keeps the roots of its full subtrees only: at most 53 hashes for any number of leaves. */
export interface Tree {
  /** The number of leaves. */
  readonly size: number
  /** The roots of the full subtrees, the largest first: one for each 1 in the size, written in binary. */
  readonly trees: readonly Uint8Array[]
}

/** The tree without leaves. */
export const emptyTree: Tree = { size: 0, trees: [] }

/**
 * Adds a leaf to a tree, which stays as it is.
 *
 * @param leaf the hash of the leaf, 32 bytes: see {@link leafHash}
 * @example
 * append(emptyTree, leafHash(new TextEncoder().encode('first'))).size // 1
 */
export function append({ size, trees }: Tree, leaf: Uint8Array): Tree {
  const kept = [...trees]
  let last = leaf
  for (let full = size; full % 2 === 1; full = (full - 1) / 2) {
    const left = kept.pop()
    if (!left) throw treesMismatch(size)
    last = nodeHash(left, last)
  }
  return { size: size + 1, trees: [...kept, last] }
}

/**
 * The root of a tree (RFC 6962, section 2.1), as 32 bytes.
 *
 * @throws TypeError when the tree has another number of subtrees than its size says
 * @example
 * rootOf(emptyTree) // SHA-256 of nothing
 */
export function rootOf({ size, trees }: Tree): Uint8Array {
  if (trees.length !== subtreeCount(size)) throw treesMismatch(size)
  if (trees.length === 0) return emptyRoot
  return trees.reduceRight((right, left) => nodeHash(left, right))
}

const subtreeCount = (size: number): number => size.toString(2).replaceAll('0', '').length

const treesMismatch = (size: number) =>
  new TypeError(`A tree of ${size} leaves has ${subtreeCount(size)} full subtrees: it was given another number`)
