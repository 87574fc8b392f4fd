import { ourHashes } from './our-hashes.ts'

/** SQL: whether a row of pg_proc, by its alias, is a SECURITY DEFINER function of sql/ with its original body. */
export const isOurs = (p: string): string => {
  const known = Object.entries(ourHashes).flatMap(([name, hashes]) => hashes.map((hash) => `('${name}', '${hash}')`))
  if (known.length === 0) return 'false'
  // git on Windows may have checked the SQL out with CR.
  const body = `replace(${p}.prosrc, chr(13), '')`
  return `(${p}.oid::regprocedure::text, encode(sha256(convert_to(${body}, 'UTF8')), 'hex')) in (${known.join(', ')})
    and ${p}.proconfig = '{search_path=pg_catalog}'`
}
