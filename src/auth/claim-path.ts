/**
 * Creates the function that reads a claim of a token.
 *
 * @param claim its name, or a JSON pointer (RFC 6901) when it begins with `/`
 * @param option the name of the option, for messages
 * @returns a function that returns undefined for an absent claim and for one that is null
 * @throws TypeError when `claim` is empty or an invalid JSON pointer
 */
export function claimAt(claim: string, option: string): (claims: object) => unknown {
  const path = parsePath(claim, option)
  return (claims) => path.reduce(valueAt, claims) ?? undefined
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
