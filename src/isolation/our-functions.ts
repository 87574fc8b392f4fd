import { ourHashes } from './our-hashes.ts'

/** The bodies of earlier releases, so that a service starts on a database that is not migrated yet. */
const earlier: Record<string, string[]> = {
  'tenancy.current_tenant_id()': ['efe6fea0284b619319eaf4d8fcdc39af52c780ab46a33d67cff7f2589b9beda6'],
}

/**
 * The SECURITY DEFINER functions of sql/, with the SHA-256 of their bodies. With these bodies they reveal nothing about other
 * tenants; the checks report a function with another body.
 */
export const ourFunctions: Record<string, string[]> = Object.fromEntries(
  Object.entries(ourHashes).map(([name, hashes]) => [name, [...hashes, ...(earlier[name] ?? [])]]),
)

/** SQL: whether a row of pg_proc, by its alias, is one of these functions with its original body. */
export const isOurs = (p: string): string => {
  const known = Object.entries(ourFunctions).flatMap(([name, hashes]) => hashes.map((hash) => `('${name}', '${hash}')`))
  if (known.length === 0) return 'false'
  // git on Windows may have checked the SQL out with CR.
  const body = `replace(${p}.prosrc, chr(13), '')`
  return `(${p}.oid::regprocedure::text, encode(sha256(convert_to(${body}, 'UTF8')), 'hex')) in (${known.join(', ')})
    and ${p}.proconfig = '{search_path=pg_catalog}'`
}
