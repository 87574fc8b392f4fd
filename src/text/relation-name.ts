/**
 * A relation's or function's name with quotes around both parts, to compare names that were quoted by different rules: PostgreSQL
 * also quotes its keywords. Unquoted parts keep their case.
 *
 * @returns the given text when it is not `schema.name`
 * @example
 * quotedName('public.user') === quotedName('public."user"') // true
 */
export function quotedName(given: string): string {
  const [, schema, name] = /^("(?:[^"]|"")+"|[^".]+)\.("(?:[^"]|"")+"|[^".]+)$/.exec(given) ?? []
  if (schema === undefined || name === undefined) return given
  return [schema, name].map((part) => (part.startsWith('"') ? part : `"${part}"`)).join('.')
}

/** An SQL expression of the same name, from the expressions of its parts. */
export const quotedNameOf = (schema: string, name: string): string =>
  `format('"%s"."%s"', replace(${schema}, '"', '""'), replace(${name}, '"', '""'))`
