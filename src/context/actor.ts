/**
 * Whether a value can be an actor: text of 1 to 255 characters (OpenID Connect Core, section 2, `sub`). Control characters
 * would break log lines. PostgreSQL cannot store lone surrogates, so two actors could become one there.
 *
 * @example
 * isActor('auth0|5f7c8ec7c33c6c004bbafe82') // true
 */
export function isActor(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 1 && value.length <= 255 && !/[\p{Cc}\p{Cs}]/u.test(value)
}
