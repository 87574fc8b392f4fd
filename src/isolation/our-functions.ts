import { ourHashes } from './our-hashes.ts'

/** The SECURITY DEFINER functions of sql/ that the serving role calls, or that its statements fire as triggers. */
const ourFunctions = [
  'tenancy.claim_idempotency_key(text,text,bytea)',
  'tenancy.current_tenant_id()',
  'tenancy.find_tenant(text)',
  'tenancy.find_tenant(text,text)',
  'tenancy.read_idempotent_answer(text,text,bytea)',
  'tenancy.record_tenant_change()',
  'tenancy.store_idempotent_answer(text,text,bytea,text)',
]

/** The functions that run as the recorder (sql/33-recorder.sql). Not all of them are for the serving role. */
export const recorderFunctions = [
  'tenancy.claim_idempotency_key(text,text,bytea)',
  'tenancy.idempotency_id(text,text)',
  'tenancy.purge_idempotency_keys(integer)',
  'tenancy.read_idempotent_answer(text,text,bytea)',
  'tenancy.read_tenant_history(text,uuid,integer)',
  'tenancy.record_tenant_change()',
  'tenancy.store_idempotent_answer(text,text,bytea,text)',
]

/** SQL: whether a row of pg_proc, by its alias, is one of these functions with a body that sql/ gives it. */
export const isOurs = (p: string, functions = ourFunctions): string => {
  const known = functions.flatMap((name) => (ourHashes[name] ?? []).map((hash) => `('${name}', '${hash}')`))
  if (known.length === 0) return 'false'
  // git on Windows may have checked the SQL out with CR.
  const body = `replace(${p}.prosrc, chr(13), '')`
  return `(${p}.oid::regprocedure::text, encode(sha256(convert_to(${body}, 'UTF8')), 'hex')) in (${known.join(', ')})
    and ${p}.proconfig = '{search_path=pg_catalog}'`
}
