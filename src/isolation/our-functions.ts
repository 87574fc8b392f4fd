/**
 * The SECURITY DEFINER functions of sql/, with the SHA-256 of their bodies. With these bodies they reveal nothing about other
 * tenants; the checks report a function with another body.
 */
export const ourFunctions: Record<string, string> = {
  'tenancy.current_tenant_id()': 'efe6fea0284b619319eaf4d8fcdc39af52c780ab46a33d67cff7f2589b9beda6',
  'tenancy.record_tenant_change()': 'c8b057eecfc7a7de7457bfa15be8b6d1e55de5fb8324f9f370b571c2414f8701',
  'tenancy.read_tenant_history(text,uuid,integer)': '1655973bde1a8de09fc1bb61810fa88bf2bb9409d85b32137ac1f54ee2ee2ea0',
  'tenancy.find_tenant(text,text)': '05414ab07b55ade5374d939f3915b9d5e56e52529c5fbb27c1a7646088268e98',
}

/** SQL: whether a row of pg_proc, by its alias, is one of these functions with its original body. */
export const isOurs = (p: string): string => {
  const known = Object.entries(ourFunctions).map(([name, hash]) => `('${name}', '${hash}')`)
  if (known.length === 0) return 'false'
  // git on Windows may have checked the SQL out with CR.
  const body = `replace(${p}.prosrc, chr(13), '')`
  return `(${p}.oid::regprocedure::text, encode(sha256(convert_to(${body}, 'UTF8')), 'hex')) in (${known.join(', ')})
    and ${p}.proconfig = '{search_path=pg_catalog}'`
}
