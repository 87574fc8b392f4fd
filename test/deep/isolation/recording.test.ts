import { afterAll, describe, expect, test } from 'bun:test'
import { openConnection } from '../../../src/database/index.ts'
import { createIsolationCheck, inspectRowSecurity, readRecording } from '../../../src/isolation/index.ts'
import { asOwner, createDatabase } from '../../database.ts'
import { tenantColumnType } from '../../tenants.ts'

const database = await createDatabase()
const owner = openConnection({ url: database.ownerUrl })
afterAll(() => owner.close())

const table = (name: string, more = '') => `
  create table ${name} (tenant_id ${tenantColumnType} not null default tenancy.current_tenant_id(),
    id uuid not null default tenancy.uuid_v7(), number text, "odd, ""name""" text, parent_id uuid ${more},
    primary key (tenant_id, id));
  select tenancy.protect('${name}');`

const tables = `
  ${table('parents')}
  ${table('rows', ', foreign key (tenant_id, parent_id) references parents on delete set null (parent_id)')}
  ${table('lines', ', foreign key (tenant_id, parent_id) references parents on delete cascade')}
  ${table('others')}
  select tenancy.audit('rows', redact => '{number,"odd, \\"name\\""}'); select tenancy.trash('rows')`

await owner.command(tables)

const checks = ['audit-trigger', 'trash-trigger', 'audit-entries', 'audit-default-partition']

/** Runs the statements on a database with these tables, and rolls everything back. */
async function afterStatements<Result>(statements: string, then: () => Promise<Result>): Promise<Result> {
  await owner.command('begin')
  try {
    await owner.command(statements)
    return await then()
  } finally {
    await owner.command('rollback')
  }
}

const find = async () => {
  const found = await inspectRowSecurity(owner, { role: 'app_user', allowPrivileged: true })
  return found.filter(({ check }) => checks.includes(check))
}
const lines = async () => (await find()).map(({ check, object, problem }) => `${check} | ${object} | ${problem}`)
const of = (statements: string) => afterStatements(statements, lines)

const record = 'audit-trigger | public.rows | its trigger record_change'
const replace = (definition: string) => `drop trigger record_change on rows; create trigger record_change ${definition}`

describe('the check of what tables record', () => {
  test('finds nothing where tenancy.audit() and tenancy.trash() made the triggers', async () => {
    expect(await of('')).toEqual([])
  })

  test.each([
    ['alter table rows disable trigger record_change', `${record} is disabled`],
    ['alter table rows enable replica trigger record_change', `${record} is disabled`],
    ['drop trigger record_change on rows', `${record} is missing`],
    [
      replace('after insert or update or delete on rows for each row execute function tenancy.touch_updated_at()'),
      `${record} calls tenancy.touch_updated_at`,
    ],
    [
      replace('after insert or update on rows for each row execute function tenancy.record_change()'),
      `${record} does not run at every change`,
    ],
    [
      replace('after insert or update of id or delete on rows for each row execute function tenancy.record_change()'),
      `${record} does not run at every change`,
    ],
    [
      replace(`after insert or update or delete on rows for each row when (false) execute function
        tenancy.record_change('app_user', 'app_admin', 'tenant_id', 'id', '{updated_at,tenant_id}', '{number,"odd, \\"name\\""}', '{}', '{id}')`),
      `${record} does not run at every change`,
    ],
    [
      replace(`after insert or update or delete on rows for each row execute function
        tenancy.record_change('app_user', 'app_admin', 'tenant_id', 'id', '{updated_at,tenant_id}', '{}')`),
      `${record} has other arguments than tenancy.audit() gives it`,
    ],
    [
      replace(`after insert or update or delete on rows for each row execute function
        tenancy.record_change('app_user', 'app_admin', 'tenant_id', 'id', '{updated_at,tenant_id}', '{number,"odd, \\"name\\""}')`),
      `${record} has other arguments than tenancy.audit() gives it`,
    ],
    [
      replace('after insert or update or delete on rows for each row execute function tenancy.record_change()'),
      `${record} has other arguments than tenancy.audit() gives it`,
    ],
    [
      `create trigger record_change after insert or update or delete on others for each row execute function
        tenancy.record_change('app_user', 'app_admin', 'tenant_id', 'id', '{updated_at,tenant_id}', '{}')`,
      'audit-trigger | public.others | it has the trigger record_change, and tenancy.audit() was not told so',
    ],
    [
      'alter table rows disable trigger keep_deleted',
      'trash-trigger | public.rows | its trigger keep_deleted is disabled',
    ],
    ['drop trigger begin_batch on rows', 'trash-trigger | public.rows | its trigger begin_batch is missing'],
    [
      'drop trigger keep_rows_tenant_id_parent_id_fkey on rows',
      'trash-trigger | public.rows | its trigger keep_rows_tenant_id_parent_id_fkey is missing',
    ],
    [
      `drop trigger keep_deleted on rows; create trigger keep_deleted after delete on rows for each row
        execute function tenancy.keep_deleted('id', '{id}', '{}')`,
      'trash-trigger | public.rows | its trigger keep_deleted has other arguments than tenancy.trash() gives it',
    ],
  ])('reports: %s', async (statement, line) => {
    const { found, left } = await afterStatements(statement, async () => {
      const found = await find()
      for (const { remedy } of found) await owner.command(remedy)
      return { found, left: await lines() }
    })
    expect(found.map(({ check, object, problem }) => `${check} | ${object} | ${problem}`)).toEqual([line])
    expect(left).toEqual([]) // the remedies are statements
  })

  const ours = 'and its body is not the one that Rowhouse installs'
  test.each([
    ['record_change', 'security invoker', 'audit', 'that runs with the rights of who writes'],
    ['keep_deleted', 'security invoker', 'trash', 'that runs with the rights of who writes'],
    ['keep_reference', 'security invoker', 'trash', 'that runs with the rights of who writes'],
    ['record_change', 'owner to current_user', 'audit', 'that does not run as the recorder'],
    ['keep_deleted', 'owner to current_user', 'trash', 'that does not run as the recorder'],
    ['record_change', 'reset search_path', 'audit', ours],
    ['keep_reference', "set search_path = 'public'", 'trash', ours],
  ])('reports the function tenancy.%s() with %s', async (name, change, kind, problem) => {
    expect(await of(`alter function tenancy.${name}() ${change}`)).toEqual([
      `${kind}-trigger | tenancy.${name}() | it is a trigger${problem === ours ? ',' : ''} ${problem}`,
    ])
  })

  test('reports a function of the triggers with another body', async () => {
    const body = 'begin return null; end'
    const replaced = `create or replace function tenancy.record_change() returns trigger language plpgsql security definer
      set search_path = pg_catalog as '${body}'`
    expect(await of(replaced)).toEqual([`audit-trigger | tenancy.record_change() | it is a trigger, ${ours}`])
    const found = await afterStatements(replaced, () =>
      inspectRowSecurity(owner, { role: 'app_user', allowPrivileged: true }),
    )
    // SECURITY INVOKER would end the audit trail.
    expect(found.map(({ remedy }) => remedy).filter((remedy) => remedy.includes('security invoker'))).toEqual([])
  })

  test('reports a trigger that is disabled on a partition alone', async () => {
    const parted = `
      create table parted (tenant_id ${tenantColumnType} not null default tenancy.current_tenant_id(), id uuid not null,
        primary key (tenant_id, id)) partition by hash (tenant_id);
      create table part partition of parted for values with (modulus 1, remainder 0);
      select tenancy.protect('parted'); select tenancy.audit('parted');`
    expect(await of(parted)).toEqual([])
    expect(await of(`${parted} alter table part disable trigger record_change`)).toEqual([
      'audit-trigger | public.part | its trigger record_change is disabled',
    ])
  })

  test('compares as the serving role too, and without what tenancy.audit() was told', async () => {
    const emptied = `${tables}; ${replace(`after insert or update or delete on rows for each row execute function
      tenancy.record_change('app_user', 'app_admin', 'tenant_id', 'id', '{updated_at,tenant_id}', '{}')`)};
      alter table rows disable trigger keep_deleted`
    const own = await createDatabase()
    await asOwner(own).unsafe(emptied)
    const inspect = async () => {
      const isolation = createIsolationCheck({ url: own.appUrl })
      const found = await isolation.inspect()
      await isolation.close()
      return found.filter(({ level }) => level === 'error').map(({ check }) => check)
    }
    expect(await inspect()).toEqual(['audit-trigger', 'trash-trigger'])
    await asOwner(own).unsafe('revoke select on tenancy.recorded_tables from app_user')
    expect(await inspect()).toEqual(['trash-trigger'])
    await asOwner(own).unsafe('drop table tenancy.recorded_tables')
    expect(await inspect()).toEqual(['trash-trigger'])
  })

  test('reports a serving role that may change what tenancy.audit() was told', async () => {
    const found = await afterStatements('grant update (audit) on tenancy.recorded_tables to app_user', () =>
      inspectRowSecurity(owner, { role: 'app_user', allowPrivileged: true }),
    )
    expect(found.map(({ check, object }) => `${check} ${object}`)).toContain(
      'reachable-without-tenant tenancy.recorded_tables',
    )
  })
})

/** As "rowhouse migrate" does. */
const makePartitions = `select tenancy.become_recorder('tenancy.audit_entries'); select tenancy.make_audit_partitions(); reset role;
  select tenancy.leave_recorder()`

describe('the check of the audit trail', () => {
  const writes = (name: string) => [`audit-entries | tenancy.${name} | the serving role may write the audit trail`]
  const month = `audit_entries_${new Date().toISOString().slice(0, 7).replace('-', '_')}`
  test.each([
    ['grant insert on tenancy.audit_entries to app_user', writes('audit_entries')],
    ['grant insert on tenancy.audit_queue to app_user', writes('audit_queue')],
    ['grant delete on tenancy.audit_trail to app_user', writes('audit_trail')],
    ['grant truncate on tenancy.audit_entries to public', writes('audit_entries')],
    ['grant update (reason) on tenancy.audit_entries to app_user', writes('audit_entries')],
    [`grant delete on tenancy.${month} to public`, writes(month)],
    [
      'grant select on tenancy.audit_entries_default to app_user',
      [
        'audit-entries | tenancy.audit_entries_default | the serving role may read a partition, which has no policies of its own',
      ],
    ],
    [
      "insert into tenancy.audit_entries (id, at, position, tenant_id, action, resource, source, changes_hash, xid) values (gen_random_uuid(), '2001-01-01', 1, DEFAULT_TENANT, 'a.b', 'c', 'event', '', '1')",
      [
        'audit-default-partition | tenancy.audit_entries_default | it has entries of months without a partition of their own',
      ],
    ],
  ])('reports: %s', async (statement, expected) => {
    const tenant = { uuid: "'00000000-0000-7000-8000-000000000001'", bigint: '1' }[tenantColumnType] ?? "'a'"
    const { before, after } = await afterStatements(statement.replace('DEFAULT_TENANT', tenant), async () => {
      const found = await find()
      for (const { remedy } of found.filter(({ remedy }) => remedy.endsWith(';'))) await owner.command(remedy)
      await owner.command(makePartitions)
      const line = ({ check, object, problem }: (typeof found)[number]) => `${check} | ${object} | ${problem}`
      return { before: found.map(line), after: await lines() }
    })
    expect({ before, after }).toEqual({ before: expected, after: [] })
  })
})

test('reads what each table records', async () => {
  const recordings = await afterStatements('', () => readRecording(owner, { role: 'app_user' }))
  expect(recordings.get('public.rows')).toEqual({
    audit: { redact: ['number', 'odd, "name"'], ignore: ['updated_at'] },
    trash: true,
    cascadesFrom: [],
  })
  expect(recordings.get('public.lines')).toEqual({ audit: null, trash: false, cascadesFrom: ['public.parents'] })
  expect([...recordings.keys()]).not.toContain('tenancy.audit_entries')
})
