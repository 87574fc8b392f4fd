/**
 * The names that a value of `Vary` lacks (RFC 9110, section 12.5.5).
 *
 * @example
 * missingInVary('accept, Origin', ['Accept', 'Cookie']) // ['Cookie']
 */
export function missingInVary(present: string, names: readonly string[]): readonly string[] {
  const given = present.split(',').map((name) => name.trim().toLowerCase())
  return given.includes('*') ? [] : names.filter((name) => !given.includes(name.toLowerCase()))
}
