/** A claim has a wrong type. It holds no value. */
export class WrongClaim extends Error {}

/** Where a claim stands in a token. */
export interface ClaimPath {
  /** Whether it has a `*`. */
  readonly hasMembers: boolean
  /**
   * The names of the members for which `*` stands.
   *
   * @throws WrongClaim for another value than an object, or a list of objects
   */
  members(claims: object): string[]
  /** The claim, with a member's name for `*`; undefined when it is absent or null. A `*` at the end is the name itself. */
  read(claims: object, member?: string): unknown
}

/**
 * Parses the place of a claim.
 *
 * @param claim its name, or a JSON pointer (RFC 6901) when it begins with `/`. In a pointer, `*` stands for each member of an object
 *   or a list, and at the end for the name of each member of an object
 * @param option the name of the option, for messages
 * @throws TypeError when `claim` is empty, an invalid JSON pointer, or has several `*`
 */
export function parseClaimPath(claim: string, option: string): ClaimPath {
  const path = parsePath(claim, option)
  const star = claim.startsWith('/') ? path.indexOf('*') : -1
  if (star !== -1 && path.indexOf('*', star + 1) !== -1)
    throw new TypeError(`${option} must have one * at most (got "${claim}")`)
  return {
    hasMembers: star !== -1,
    members(claims) {
      const parent = path.slice(0, star).reduce(valueAt, claims) ?? {}
      // The name of a member of a list is its position, which names no tenant.
      if (typeof parent !== 'object' || (Array.isArray(parent) && star === path.length - 1)) throw new WrongClaim()
      return Object.keys(parent)
    },
    read(claims, member) {
      if (star === -1 || member === undefined) return path.reduce(valueAt, claims) ?? undefined
      return star === path.length - 1 ? member : (path.with(star, member).reduce(valueAt, claims) ?? undefined)
    },
  }
}

function parsePath(claim: string, option: string): string[] {
  if (typeof claim !== 'string' || claim === '') throw new TypeError(`${option} must be the name of a claim`)
  if (!claim.startsWith('/')) return [claim]
  if (/~(?![01])/.test(claim))
    throw new TypeError(`${option} must be a JSON pointer, with ~ written as ~0 (got "${claim}")`)
  // `~1` first: `~01` means `~1` (RFC 6901, section 4).
  const decode = (part: string) => part.replaceAll('~1', '/').replaceAll('~0', '~')
  return claim.slice(1).split('/').map(decode)
}

/** Returns an own property. Inherited ones, such as `constructor`, are not claims. */
function valueAt(parent: unknown, key: string): unknown {
  if (typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, key)) return undefined
  return (parent as Record<string, unknown>)[key] // an object that has the key
}
