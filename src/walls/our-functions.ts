/**
 * The SECURITY DEFINER functions that our own SQL makes, each with the SHA-256 of its body: as they were written they give away
 * nothing of a tenant, and one that somebody has changed is found. See sql/.
 */
export const ourFunctions: Record<string, string> = {}

/** Whether a function of pg_proc, by its alias, is one of ours and reads as it was written. */
export const isOurs = (p: string): string => {
  const known = Object.entries(ourFunctions).map(([name, hash]) => `('${name}', '${hash}')`)
  if (known.length === 0) return 'false'
  return `(${p}.oid::regprocedure::text, encode(sha256(convert_to(${p}.prosrc, 'UTF8')), 'hex')) in (${known.join(', ')})
    and ${p}.proconfig = '{search_path=pg_catalog}'`
}
