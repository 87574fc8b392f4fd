import type { CodeMutation, DatabaseMutation } from './mutation.ts'

const isolation = 'test/recorded/isolation.test.ts'
const positions = 'test/recorded/positions.test.ts'
const entry = {
  file: 'test/recorded/changes.test.ts',
  title: 'an entry says who, in which request, which row, and each column that differs',
}
const recorder = 12

/** Faults of what the database records that the doctor reports. */
export const recordedMutations: DatabaseMutation[] = [
  {
    fault: 'trigger of the audit trail with one character changed',
    guarantee: recorder,
    sql: replaced('tenancy.record_change()', `then 'created'`, `then 'Created'`),
    test: entry,
    check: 'recorder-function',
  },
  {
    fault: 'trigger of the audit trail that goes on without the tenant of the transaction',
    guarantee: recorder,
    sql: replaced('tenancy.record_change()', 'if login = tg_argv[0] and', 'if false and'),
    test: { file: 'test/recorded/forged.test.ts', title: 'a statement that empties the tenant at its end is refused' },
    check: 'recorder-function',
  },
  {
    fault: 'rows that leave the trash without an entry',
    guarantee: recorder,
    sql: replaced('tenancy.leave_trash()', 'where g.reference is null', 'where false'),
    test: {
      file: 'test/recorded/forged.test.ts',
      title: 'a row that is taken from the trash and left there is purged, with an entry',
    },
    check: 'recorder-function',
  },
  {
    fault: 'INSERT granted on the entries',
    guarantee: recorder,
    sql: 'grant insert on tenancy.audit_entries to app_user',
    test: { file: isolation, title: 'cannot run: insert into tenancy.audit_entries' },
    check: 'recorder-table',
  },
  {
    fault: 'partition of the entries with a privilege',
    guarantee: recorder,
    sql: 'grant select on tenancy.audit_entries_default to app_user',
    undo: `do $$ begin if to_regclass('tenancy.audit_entries_default') is not null then
      revoke select on tenancy.audit_entries_default from app_user; end if; end $$`,
    test: { file: isolation, title: 'has no privilege on a partition of the audit trail' },
    check: 'recorder-table',
  },
  {
    fault: 'position that is skipped',
    guarantee: recorder,
    sql: replaced('tenancy.append_audit_logs(integer)', 'log.size := log.size + 1', 'log.size := log.size + 2'),
    test: { file: positions, title: 'several appends at once' },
    check: 'recorder-function',
  },
  {
    fault: 'hash without the salt',
    guarantee: recorder,
    sql: replaced('tenancy.record_change()', 'sha256(salt || convert_to', 'sha256(convert_to'),
    test: { file: positions, title: 'the hash of the changes is that of the salt and the text of the changes' },
    check: 'recorder-function',
  },
]

/** Faults of the triggers themselves. They become those of a database, with a check, where the doctor has one. */
export const recordedTriggerMutations: CodeMutation[] = [
  // audit-trigger
  {
    fault: 'trigger of the audit trail that is dropped',
    guarantee: recorder,
    ...inEachDatabase('drop trigger record_change on tasks'),
    test: entry,
  },
  // audit-trigger
  {
    fault: 'trigger of the audit trail that is disabled',
    guarantee: recorder,
    ...inEachDatabase('alter table tasks disable trigger record_change'),
    test: entry,
  },
  // audit-trigger
  {
    fault: 'redaction that is emptied in the arguments of the trigger',
    guarantee: recorder,
    ...inEachDatabase(`drop trigger record_change on users;
      create trigger record_change after insert or update or delete on users for each row
        execute function tenancy.record_change('app_user', 'app_admin', 'tenant_id', '{id}', '{}', '{updated_at}', '{}')`),
    test: { file: entry.file, title: 'the address of a user is in no entry of its service' },
  },
  // No check of the doctor sees it yet.
  {
    fault: 'trigger of the audit trail that runs as the serving role',
    guarantee: recorder,
    ...inEachDatabase('alter function tenancy.record_change() security invoker'),
    test: entry,
  },
  // trash-trigger
  {
    fault: 'trigger of the trash that is dropped',
    guarantee: recorder,
    ...inEachDatabase('drop trigger keep_deleted on tasks'),
    test: { file: 'test/recorded/forged.test.ts', title: 'a row that is put back is restored, and not purged' },
  },
]

/** Runs statements of the owner in each database of a test, behind its migration. */
function inEachDatabase(statements: string): Pick<CodeMutation, 'file' | 'lines'> {
  const migration = 'await migrate({ ...project, url: database.ownerUrl })'
  const mutated = `${migration}
  const owner = postgres(database.ownerUrl, { max: 1, onnotice: () => {} })
  await owner.unsafe(${JSON.stringify(statements)})
  await owner.end()`
  return { file: 'test/database.ts', lines: [[migration, mutated]] }
}

/** Replaces a part of a function. */
function replaced(name: string, part: string, by: string): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`
  return `do $mutation$ begin execute replace(pg_get_functiondef(${quoted(name)}::regprocedure), ${quoted(part)}, ${quoted(by)}); end $mutation$`
}
