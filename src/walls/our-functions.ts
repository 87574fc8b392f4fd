/**
 * The SECURITY DEFINER functions that our own SQL makes, each with the SHA-256 of its body: as they were written they give away
 * nothing of a tenant, and one that somebody has changed is found. See sql/.
 */
export const ourFunctions: Record<string, string> = {
  'tenancy.current_tenant_id()': '3744d5f51aa8e99b213653579b54de1b4f8ce34373a8ec23eacb9920f53ab4ff',
}

/** Whether a function of pg_proc, by its alias, is one of ours and reads as it was written. */
export const isOurs = (p: string): string => {
  const known = Object.entries(ourFunctions).map(([name, hash]) => `('${name}', '${hash}')`)
  if (known.length === 0) return 'false'
  return `(${p}.oid::regprocedure::text, encode(sha256(convert_to(${p}.prosrc, 'UTF8')), 'hex')) in (${known.join(', ')})
    and ${p}.proconfig = '{search_path=pg_catalog}'`
}
