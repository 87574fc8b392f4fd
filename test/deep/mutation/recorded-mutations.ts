import type { DatabaseMutation } from './mutation.ts'

const isolation = 'test/recorded/isolation.test.ts'
const positions = 'test/recorded/positions.test.ts'
const entry = {
  file: 'test/recorded/changes.test.ts',
  title: 'an entry says who, in which request, which row, and each column that differs',
}
const redacted = { file: entry.file, title: 'the address of a user is in no entry of its service' }
const putBack = { file: 'test/recorded/forged.test.ts', title: 'a row that is put back is restored, and not purged' }
const history = 39
const trash = 40

/** Faults of what the database records that the doctor reports. */
export const recordedMutations: DatabaseMutation[] = [
  {
    fault: 'trigger of the audit trail with one character changed',
    guarantee: history,
    sql: replaced('tenancy.record_change()', 'if tg_nargs > 6', 'if tg_nargs > 8'),
    test: redacted,
    check: 'audit-trigger',
  },
  {
    fault: 'trigger of the audit trail that goes on without the tenant of the transaction',
    guarantee: history,
    sql: replaced('tenancy.record_change()', 'if login = tg_argv[0] and', 'if false and'),
    test: { file: 'test/recorded/forged.test.ts', title: 'a statement that empties the tenant at its end is refused' },
    check: 'audit-trigger',
  },
  {
    fault: 'rows that leave the trash without an entry',
    guarantee: history,
    sql: replaced('tenancy.leave_trash()', 'where g.reference is null', 'where false'),
    test: {
      file: 'test/recorded/forged.test.ts',
      title: 'a row that is taken from the trash and left there is purged, with an entry',
    },
    check: 'recorder-function',
  },
  {
    fault: 'INSERT granted on the entries',
    guarantee: history,
    sql: 'grant insert on tenancy.audit_entries to app_user',
    test: { file: isolation, title: 'cannot run: insert into tenancy.audit_entries' },
    check: 'audit-entries',
  },
  {
    fault: 'INSERT granted on the queue of the entries',
    guarantee: history,
    sql: 'grant insert on tenancy.audit_queue to app_user',
    test: { file: isolation, title: 'cannot run: insert into tenancy.audit_queue' },
    check: 'audit-entries',
  },
  {
    fault: 'partition of the entries with a privilege',
    guarantee: history,
    sql: 'grant select on tenancy.audit_entries_default to app_user',
    undo: `do $$ begin if to_regclass('tenancy.audit_entries_default') is not null then
      revoke select on tenancy.audit_entries_default from app_user; end if; end $$`,
    test: { file: isolation, title: 'has no privilege on a partition of the audit trail' },
    check: 'audit-entries',
  },
  {
    fault: 'position that is skipped',
    guarantee: history,
    sql: replaced('tenancy.append_audit_logs(integer)', 'log.size := log.size + 1', 'log.size := log.size + 2'),
    test: { file: positions, title: 'several appends at once' },
    check: 'recorder-function',
  },
  {
    fault: 'hash without the salt',
    guarantee: history,
    sql: replaced('tenancy.append_audit_logs(integer)', 'sha256(salt || convert_to', 'sha256(convert_to'),
    test: { file: positions, title: 'the hash of the changes is that of the salt and the text of the changes' },
    check: 'recorder-function',
  },
  {
    fault: 'trigger of the audit trail that is dropped',
    guarantee: history,
    sql: 'drop trigger record_change on tasks',
    test: entry,
    check: 'audit-trigger',
  },
  {
    fault: 'trigger of the audit trail that is disabled',
    guarantee: history,
    sql: 'alter table tasks disable trigger record_change',
    test: entry,
    check: 'audit-trigger',
  },
  {
    fault: 'redaction that is emptied in the arguments of the trigger',
    guarantee: history,
    sql: `drop trigger record_change on users;
      create trigger record_change after insert or update or delete on users for each row
        execute function tenancy.record_change('app_user', 'app_admin', 'tenant_id', 'id', '{updated_at,tenant_id}', '{}')`,
    test: redacted,
    check: 'audit-trigger',
  },
  {
    fault: 'trigger of the audit trail that runs as the serving role',
    guarantee: history,
    sql: 'alter function tenancy.record_change() security invoker',
    test: entry,
    check: 'audit-trigger',
  },
  {
    fault: 'trigger of the trash that runs as the serving role',
    guarantee: trash,
    sql: 'alter function tenancy.keep_deleted() security invoker',
    test: putBack,
    check: 'trash-trigger',
  },
  {
    fault: 'trigger of the trash that is dropped',
    guarantee: trash,
    sql: 'drop trigger keep_deleted on tasks',
    test: putBack,
    check: 'trash-trigger',
  },
  {
    fault: 'trash that every tenant reads',
    guarantee: trash,
    sql: openToAll('tenancy.trash'),
    test: { file: 'test/trash/isolation.test.ts', title: 'another tenant sees no row of a trash' },
    check: 'policy-text',
  },
  {
    fault: 'entries that every tenant reads',
    guarantee: history,
    sql: openToAll('tenancy.audit_entries'),
    test: { file: 'test/audit/isolation.test.ts', title: 'another tenant reads no entry' },
    check: 'policy-text',
  },
  {
    fault: 'queue of the entries that every tenant reads',
    guarantee: history,
    sql: openToAll('tenancy.audit_queue'),
    test: { file: isolation, title: 'the view of all entries shows each tenant its own' },
    check: 'policy-text',
  },
]

/** Lets both policies of a table accept every row. */
function openToAll(table: string): string {
  return ['tenant_isolation', 'tenant_restrictive']
    .map((name) => `alter policy ${name} on ${table} using (true)`)
    .join(';')
}

/** Replaces a part of a function. */
function replaced(name: string, part: string, by: string): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`
  return `do $mutation$ begin execute replace(pg_get_functiondef(${quoted(name)}::regprocedure), ${quoted(part)}, ${quoted(by)}); end $mutation$`
}
