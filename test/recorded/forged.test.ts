import { describe, expect, test } from 'bun:test'
import type { TenantId } from '../../src/context/index.ts'
import { createTenantSigner } from '../../src/database/index.ts'
import { migrate } from '../../src/migrate/index.ts'
import { asOwner, createDatabase } from '../database.ts'
import { sqlstateOf } from '../db/app-user.ts'
import { newTenant, project, tenantColumnType } from '../tenants.ts'
import { addUserWithTask, as, type Caller, logOf, serving, servingOn } from './log.ts'

// What injected SQL can lie about in an entry and in the trash, with and without the signed tenant context.

const secret = 'one secret of this test, 40 characters..'
const signer = createTenantSigner(secret)
const database = await createDatabase()
await migrate({ ...project, url: database.ownerUrl, signingSecrets: [secret] })
const owner = asOwner(database)
const app = servingOn(database)

const set = (name: string, value: string) => `set_config('${name}', '${value}', true)`
const forgers = {
  'the actor': set('app.actor', 'ceo'),
  'the request id': set('app.request_id', 'forged'),
  'no tenant': set('app.current_tenant', ''),
  'no tenant, and another request id': `${set('app.current_tenant', '')} || ${set('app.request_id', 'forged')}`,
  'no tenant, another actor and request id': `${set('app.current_tenant', '')} || ${set('app.actor', 'ceo')} || ${set('app.request_id', 'forged')}`,
}
/** The end of a statement, before its triggers for rows. */
const statements = {
  insert: (user: string, forger: string) =>
    `insert into tasks (title, user_id) values ('x', '${user}') returning ${forger}`,
  update: (_: string, forger: string) => `update tasks set title = 'x' returning ${forger}`,
  delete: (_: string, forger: string) => `delete from tasks returning ${forger}`,
}

describe('with the signed tenant context', () => {
  async function start() {
    const tenant = newTenant() as TenantId // newTenant() gives a canonical id
    const caller: Caller = {
      tenant: signer(tenant, { actor: 'mallory', requestId: 'r-1' }),
      actor: 'mallory',
      request: 'r-1',
    }
    return { tenant, caller, ...(await addUserWithTask(tenant, app, caller)) }
  }

  describe.each(Object.entries(forgers))('a statement that sets %s at its end', (_, forger) => {
    test.each(Object.entries(statements))(
      'leaves no forged entry and nothing in the trash: %s',
      async (_, statement) => {
        const { tenant, caller, user } = await start()
        const before = await logOf(tenant, owner)
        const state = await sqlstateOf(as(caller, statement(user, forger), app))
        expect(['RH003', '42501', 'accepted']).toContain(state)
        const entries = await logOf(tenant, owner)
        for (const { actor, request_id, source } of entries)
          expect([actor, request_id, source]).toEqual(['mallory', 'r-1', 'request'])
        expect(entries).toHaveLength(before.length + Number(state === 'accepted'))
        const kept = await owner`select actor, request_id from tenancy.trash where tenant_id = ${tenant}`
        for (const row of kept) expect(row).toEqual({ actor: 'mallory', request_id: 'r-1' })
      },
    )
  })

  test.each(Object.entries(forgers))('an event that is written after %s is set is not written', async (_, forger) => {
    const { tenant, caller } = await start()
    const before = await logOf(tenant, owner)
    const text = `select ${forger}; select tenancy.audit_event('invoice.sent', 'invoices', '1', '{}')`
    expect(await sqlstateOf(as(caller, text, app))).not.toBe('accepted')
    expect(await logOf(tenant, owner)).toEqual(before)
  })

  test('an event says who wrote it', async () => {
    const { tenant, caller } = await start()
    await as(caller, `select tenancy.audit_event('invoice.sent', 'invoices', '1', '{}')`, app)
    expect((await logOf(tenant, owner)).at(-1)).toMatchObject({
      action: 'invoice.sent',
      actor: 'mallory',
      request_id: 'r-1',
      source: 'event',
      reason: null,
    })
  })

  test('what is purged from the trash says who did it', async () => {
    const { tenant, caller, task } = await start()
    await as(caller, `delete from tasks; select tenancy.discard('tasks', '${task}')`, app)
    expect((await logOf(tenant, owner)).at(-1)).toMatchObject({ action: 'purged', actor: 'mallory', request_id: 'r-1' })
    const forged = `select ${forgers['the request id']}; select tenancy.discard('tasks', '${task}')`
    expect(await sqlstateOf(as(caller, forged, app))).toBe('RH003')
  })
})

describe('without the signed tenant context', () => {
  test('injected SQL can lie about the actor and the request id, and about nothing else of an entry', async () => {
    const tenant = newTenant()
    const { user } = await addUserWithTask(tenant)
    const lies = ['app.actor', 'app.request_id', 'app.admin_reason', 'app.source'].map((name) => set(name, 'forged'))
    await as({ tenant, actor: 'mallory', request: 'r-1' }, `select ${lies}; ${statements.insert(user, '1')}`)
    expect((await logOf(tenant)).at(-1)).toMatchObject({
      tenant_id: tenant,
      action: 'created',
      actor: 'forged',
      request_id: 'forged',
      source: 'request',
      reason: null,
    })
  })

  test('a statement that empties the tenant at its end is refused', async () => {
    const tenant = newTenant()
    const { user } = await addUserWithTask(tenant)
    for (const statement of Object.values(statements))
      expect(await sqlstateOf(as({ tenant }, statement(user, forgers['no tenant'])))).toBe('42501')
  })
})

describe('an entry cannot be made "restored"', () => {
  const insert = (task: string, user: string) =>
    `insert into tasks (id, title, user_id) values ('${task}', 'x', '${user}')`

  test('by the id of a row that is in the trash', async () => {
    const tenant = newTenant()
    const { user, task } = await addUserWithTask(tenant)
    await as({ tenant }, `delete from tasks; ${insert(task, user)}; select tenancy.leave_trash()`)
    expect((await logOf(tenant)).at(-1)?.action).toBe('created')
  })

  test('by a row that was created before it was deleted', async () => {
    const tenant = newTenant()
    const { task } = await addUserWithTask(tenant)
    await as({ tenant }, `delete from tasks; select tenancy.restore('public.tasks', '${task}')`, serving)
    expect((await logOf(tenant)).map(({ action }) => action)).toEqual(['created', 'created', 'deleted', 'restored'])
  })

  test('by another row that was taken from the trash', async () => {
    const tenant = newTenant()
    const { user, task } = await addUserWithTask(tenant)
    const other = crypto.randomUUID()
    await as(
      { tenant },
      `delete from tasks; select tenancy.take_from_trash('tasks', '${task}'); ${insert(other, user)}; select tenancy.leave_trash()`,
    )
    expect((await logOf(tenant)).slice(-2).map(({ action }) => action)).toEqual(['created', 'purged'])
  })

  // Its values are in the entry all the same: so nobody takes them for those that were deleted.
  test('without its values', async () => {
    const tenant = newTenant()
    const { user, task } = await addUserWithTask(tenant)
    await as(
      { tenant },
      `delete from tasks; select tenancy.take_from_trash('tasks', '${task}'); ${insert(task, user)}; select tenancy.leave_trash()`,
    )
    expect((await logOf(tenant)).at(-1)).toMatchObject({
      action: 'restored',
      changes: { title: { from: null, to: 'x' } },
    })
  })
})

test('a row that is taken from the trash and left there is purged, with an entry', async () => {
  const tenant = newTenant()
  const { task } = await addUserWithTask(tenant)
  await as({ tenant, actor: 'mallory' }, `delete from tasks`)
  await as(
    { tenant, actor: 'mallory' },
    `select tenancy.take_from_trash('tasks', '${task}'); select tenancy.leave_trash()`,
  )
  expect((await logOf(tenant)).at(-1)).toMatchObject({ action: 'purged', target_id: task, actor: 'mallory' })
  expect(await as({ tenant }, `select tenancy.restore('public.tasks', '${task}') as n`)).toEqual([{ n: 0 }])
})

test('a row that is put back is restored, and not purged', async () => {
  const tenant = newTenant()
  const { task } = await addUserWithTask(tenant)
  await as({ tenant }, `delete from tasks`)
  await as({ tenant }, `select tenancy.restore('public.tasks', '${task}')`, serving)
  expect((await logOf(tenant)).map(({ action }) => action)).toEqual(['created', 'created', 'deleted', 'restored'])
})

test.each([
  ['extra_float_digits', '-15'],
  ['intervalstyle', 'sql_standard'],
  ['datestyle', 'SQL, MDY'],
  ['timezone', 'Asia/Kolkata'],
  ['bytea_output', 'escape'],
])('the setting %s of a session changes no value of an entry', async (name, value) => {
  const sql = asOwner(database)
  await sql`create schema if not exists odd`
  const table = `odd.t_${name}`
  await sql.unsafe(`create table ${table} (tenant_id ${tenantColumnType}, id int, n float8, i interval, r tstzrange, a date[], b bytea,
    t timestamptz, p point, primary key (tenant_id, id)); select tenancy.audit('${table}')`)
  const tenant = newTenant()
  await sql.begin(async (tx) => {
    await tx`select set_config(${name}, ${value}, true)`
    await tx.unsafe(`insert into ${table} values ('${tenant}', 1, 0.1::float8 + 0.2, '-1 mon +2 days -03:04:05', '[2026-02-01 10:00+00, 2026-03-02 10:00+00)',
      array['2026-02-03'::date], '\\x00ff5c', '2026-02-03 04:05:06+00', point(0.1::float8 + 0.2, 1))`)
  })
  const [row] = await sql.unsafe(`
    select bool_and(case key when 'n' then to_::float8 = n when 'i' then to_ = i::text when 'r' then to_::tstzrange = r
      when 'a' then to_::date[] = a when 'b' then to_::bytea = b when 't' then to_::timestamptz = t when 'p' then to_ = p::text else true end) as it,
      count(*)::int as n
    from ${table} x, tenancy.audit_trail e, jsonb_each(e.changes) as c, lateral (select value ->> 'to' as to_) as y
    where e.resource = '${table}'`)
  expect({ ...row }).toEqual({ it: true, n: 8 })
})
