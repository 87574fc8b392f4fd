/** The values that mean an owner and a member, of a claim, a header or a session. All other values give no role. */
export interface RoleWords {
  /**
   * The values that mean an owner.
   *
   * @default ['owner']
   */
  readonly owner?: readonly string[] | undefined
  /**
   * The values that mean a member.
   *
   * @default ['member']
   */
  readonly member?: readonly string[] | undefined
}

/**
 * Creates the function that returns the roles that some values mean: `owner`, `member`, both or none.
 *
 * Both throw TypeError for what is no list of texts: in a text, `includes` would find parts of a word.
 */
export function createRolesReader(words: RoleWords = {}): (values: readonly string[]) => string[] {
  const { owner = ['owner'], member = ['member'] } = words
  assertTexts('roles.owner', owner)
  assertTexts('roles.member', member)
  return (values) => {
    assertTexts('roles', values)
    const has = (list: readonly string[]) => values.some((value) => list.includes(value))
    return [...(has(owner) ? ['owner'] : []), ...(has(member) ? ['member'] : [])]
  }
}

function assertTexts(name: string, list: readonly unknown[]): void {
  if (!Array.isArray(list) || !list.every((one) => typeof one === 'string'))
    throw new TypeError(`${name} must be a list of texts`)
}
