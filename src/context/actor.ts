/**
 * Whether a value can be an actor: 1 to 255 characters (OpenID Connect Core, section 2, `sub`), no control characters, which
 * break log lines, and no lone surrogates, which PostgreSQL cannot store: two actors must not become one there.
 */
export function isActor(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 1 && value.length <= 255 && !/[\p{Cc}\p{Cs}]/u.test(value)
}
