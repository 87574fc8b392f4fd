import { ourHashes } from './our-hashes.ts'

/** The SECURITY DEFINER functions of sql/ that the serving role calls, or that its statements fire as triggers. */
const ourFunctions = [
  'tenancy.audit_event(text,text,text,jsonb)',
  'tenancy.claim_idempotency_key(text,text,bytea)',
  'tenancy.current_tenant_id()',
  'tenancy.discard(text,text)',
  'tenancy.find_tenant(text)',
  'tenancy.find_tenant(text,text)',
  'tenancy.keep_deleted()',
  'tenancy.keep_reference()',
  'tenancy.leave_trash()',
  'tenancy.read_idempotent_answer(text,text,bytea)',
  'tenancy.record_change()',
  'tenancy.record_tenant_change()',
  'tenancy.store_idempotent_answer(text,text,bytea,text)',
  'tenancy.take_deleted(text,text,uuid)',
  'tenancy.take_from_trash(text,text)',
]

/** The functions that run as the recorder (sql/33-recorder.sql). Not all of them are for the serving role. */
export const recorderFunctions = [
  'tenancy.append_audit_logs(integer)',
  'tenancy.audit_event(text,text,text,jsonb)',
  'tenancy.claim_idempotency_key(text,text,bytea)',
  'tenancy.count_old_trash(interval)',
  'tenancy.discard(text,text)',
  'tenancy.erase_audit_changes(text,text,text)',
  'tenancy.idempotency_id(text,text)',
  'tenancy.keep_deleted()',
  'tenancy.keep_reference()',
  'tenancy.leave_trash()',
  'tenancy.make_audit_partitions()',
  'tenancy.prune_audit(timestamp with time zone)',
  'tenancy.purge_idempotency_keys(integer)',
  'tenancy.purge_trash(interval,integer)',
  'tenancy.read_audit_checkpoints(text)',
  'tenancy.read_audit_log(text,bigint,integer)',
  'tenancy.read_audit_logs()',
  'tenancy.read_audit_pruned(text,bigint,integer)',
  'tenancy.read_idempotent_answer(text,text,bytea)',
  'tenancy.read_tenant_history(text,uuid,integer)',
  'tenancy.record_change()',
  'tenancy.record_tenant_change()',
  'tenancy.store_audit_checkpoint(text,bigint,text)',
  'tenancy.store_idempotent_answer(text,text,bytea,text)',
  'tenancy.take_deleted(text,text,uuid)',
  'tenancy.take_from_trash(text,text)',
  'tenancy.unsigned_audit_logs(integer)',
]

/** SQL: whether a row of pg_proc, by its alias, is one of these functions with a body that sql/ gives it. */
export const isOurs = (p: string, functions = ourFunctions): string => {
  const known = functions.flatMap((name) => (ourHashes[name] ?? []).map((hash) => `('${name}', '${hash}')`))
  if (known.length === 0) return 'false'
  // git on Windows may have checked the SQL out with CR.
  const body = `replace(${p}.prosrc, chr(13), '')`
  // The settings first: PostgreSQL may evaluate this for every function that there is, and hashes take long.
  return `${p}.proconfig is not distinct from '{search_path=pg_catalog}'
    and (${p}.oid::regprocedure::text, encode(sha256(convert_to(${body}, 'UTF8')), 'hex')) in (${known.join(', ')})`
}
