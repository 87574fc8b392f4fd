const name = /^("(?:[^"]|"")+"|[^".]+)\.("(?:[^"]|"")+"|[^".]+)$/

/**
 * The ways to write the name of a relation or a function, as `schema.name`. PostgreSQL prints quotes around a part that needs them, which
 * depends on the keywords of its version: `public.user` is `public."user"`.
 */
export function spellings(given: string): string[] {
  const [schemas = [], names = []] = (name.exec(given)?.slice(1) ?? []).map(spellingsOfPart)
  return schemas.length === 0 ? [given] : schemas.flatMap((schema) => names.map((one) => `${schema}.${one}`))
}

function spellingsOfPart(part: string): string[] {
  const plain = part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part
  const quoted = `"${plain.replaceAll('"', '""')}"`
  return /^[a-z_][a-z0-9_]*$/.test(plain) ? [plain, quoted] : [quoted]
}
