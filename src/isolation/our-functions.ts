/**
 * The SECURITY DEFINER functions that our own SQL makes, each with the SHA-256 of its body: as they were written they give away
 * nothing of a tenant, and one that somebody has changed is found. See sql/.
 */
export const ourFunctions: Record<string, string> = {
  'tenancy.current_tenant_id()': 'efe6fea0284b619319eaf4d8fcdc39af52c780ab46a33d67cff7f2589b9beda6',
  'tenancy.find_tenant(text)': 'e5ece2eb8276e8adf98fe9bbfc3b666033833b1280bb4ecb8642a8811d581eac',
}

/** Whether a function of pg_proc, by its alias, is one of ours and reads as it was written. */
export const isOurs = (p: string): string => {
  const known = Object.entries(ourFunctions).map(([name, hash]) => `('${name}', '${hash}')`)
  if (known.length === 0) return 'false'
  // Without CR: git may have checked the SQL out so.
  const body = `replace(${p}.prosrc, chr(13), '')`
  return `(${p}.oid::regprocedure::text, encode(sha256(convert_to(${body}, 'UTF8')), 'hex')) in (${known.join(', ')})
    and ${p}.proconfig = '{search_path=pg_catalog}'`
}
