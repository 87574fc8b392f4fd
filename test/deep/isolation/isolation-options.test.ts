import { describe, expect, test } from 'bun:test'
import type { TenantDatabase } from '../../../src/database/index.ts'
import { resultOf } from '../../../src/database/query.ts'
import {
  expectTenantIsolation,
  IsolationMatrix,
  TenantIsolationError,
  type TenantIsolationOptions,
} from '../../../src/testing/index.ts'
import { asOwner, createDatabase, db, open } from '../../database.ts'
import { newTenant, tenantColumnType, withTenant } from '../../tenants.ts'
import { protectedTable } from '../../testing/isolation.ts'

const silent = { print: () => {} }

describe('the matrix', () => {
  test('is returned and printed, one aligned line for each statement', async () => {
    const printed: string[] = []
    const matrix = await expectTenantIsolation(db, { print: (text) => printed.push(text) })
    expect(printed).toEqual([String(matrix)])
    const lines = String(matrix)
      .split('\n')
      .filter((line) => line.startsWith('public.'))
    expect(lines).toHaveLength(matrix.rows.length)
    expect(new Set(lines.map((line) => line.indexOf('  none '))).size).toBe(1)
    expect(matrix.rows).toContainEqual({
      relation: 'public.users',
      operation: 'select',
      own: { result: '1', isViolation: false },
      foreign: { result: '0', isViolation: false },
      none: { result: '0', isViolation: false },
    })
  })

  test('has lines of at most 120 characters', () => {
    const cell = { result: 'refused', isViolation: true }
    const relation = `public.${'a'.repeat(63)}`
    const row = { relation, operation: `reference ${'b'.repeat(63)}`, own: cell, foreign: cell, none: cell }
    for (const line of String(new IsolationMatrix([row], [])).split('\n')) expect(line.length).toBeLessThanOrEqual(120)
  })

  test('notes what it does not probe', async () => {
    const { notes } = await expectTenantIsolation(db, silent)
    expect(notes).toEqual([
      'not probed: COPY (the driver cannot send it), functions, and relations without the tenant column',
    ])
  })
})

test('deletes every row that it inserts', async () => {
  const [a, b] = [newTenant(), newTenant()]
  const database = await createDatabase()
  await expectTenantIsolation(open(database), { ...silent, tenants: [a, b] })
  const left = await asOwner(
    database,
  )`select (select count(*) from users)::int as users, (select count(*) from tasks)::int as tasks`
  expect([...left]).toEqual([{ users: 0, tasks: 0 }])
})

test('keeps existing rows of the tenants', async () => {
  const [a, b] = [newTenant(), newTenant()]
  const database = await createDatabase()
  const owner = asOwner(database)
  await owner`insert into users (tenant_id, email, name) values (${a}, 'ada', 'Ada'), (${b}, 'bob', 'Bob'), (${b}, 'bea', 'Bea')`
  const { rows } = await expectTenantIsolation(open(database), { ...silent, tenants: [a, b] })
  expect(rows).toContainEqual(
    expect.objectContaining({ relation: 'public.users', operation: 'count', own: { result: '3', isViolation: false } }),
  )
  expect([...(await owner`select email from users order by email`)]).toEqual([
    { email: 'ada' },
    { email: 'bea' },
    { email: 'bob' },
  ])
})

test('keeps a row that it cannot distinguish from existing ones, with a note', async () => {
  const tenants: [string, string] = [newTenant(), newTenant()]
  const database = await createDatabase()
  const owner = asOwner(database)
  await owner.unsafe(`
    create table notes (tenant_id ${tenantColumnType} not null default tenancy.current_tenant_id(), note text);
    select tenancy.protect('notes'); insert into notes values ('${tenants[0]}', 'mine'), ('${tenants[1]}', 'yours')`)
  const { notes } = await expectTenantIsolation(open(database), { ...silent, tenants })
  expect(notes).toContain('left behind: rows of public.notes that could not be deleted')
  expect((await owner`select note from notes`).map(({ note }) => note)).toEqual(
    expect.arrayContaining(['mine', 'yours']),
  )
})

test('reports a changed row of the other tenant', async () => {
  const database = await createDatabase()
  await asOwner(database).unsafe(`
    drop policy tenant_restrictive on users; drop policy tenant_isolation on users;
    create policy unsound on users using (true) with check (true)`)
  const db = open(database)
  // A tenant database that does not roll back failed work.
  const leaking: TenantDatabase = {
    ...db,
    write: async (work) => {
      const [outcome] = await Promise.allSettled([db.write((tx) => Promise.allSettled([resultOf(work(tx))]))])
      if (outcome.status === 'rejected') throw outcome.reason
      if (outcome.value[0].status === 'rejected') throw outcome.value[0].reason
      return outcome.value[0].value
    },
  }
  const proof = expectTenantIsolation(leaking, { ...silent, except: ['public.tasks'] })
  await expect(proof).rejects.toThrow('public.users afterwards: foreign changed')
})

test('throws an error with every violation and the matrix', async () => {
  const database = await createDatabase()
  await asOwner(database).unsafe('grant truncate on tasks to app_user')
  const error = await expectTenantIsolation(open(database), silent).catch((thrown: unknown) => thrown)
  const violations = ['own', 'foreign', 'none'].map((whose) => `public.tasks truncate: ${whose} allowed`)
  expect(error).toBeInstanceOf(TenantIsolationError)
  expect(error).toMatchObject({
    message: `Tenants are not kept apart:\n${violations.join('\n')}`,
    matrix: { violations },
  })
})

describe('a row that no guess fits', async () => {
  const database = await createDatabase()
  await asOwner(database).unsafe(
    protectedTable('codes', 'code text not null unique check (code = reverse(code) and char_length(code) > 8)'),
  )
  const prove = (options: TenantIsolationOptions) =>
    expectTenantIsolation(open(database), { ...silent, except: ['public.codes same key'], ...options })
  const palindrome = (text: string) => `${text}${[...text].reverse().join('')}`

  test('fails with the constraint and the values to pass', async () => {
    const proof = prove({})
    await expect(proof).rejects.toThrow(
      'No row could be inserted into public.codes: codes_code_check refuses every value that was tried',
    )
    await expect(proof).rejects.toThrow("Pass values: { 'public.codes': { code: … } }")
  })

  test('leaves no inserted row after the failure', async () => {
    await prove({}).catch(() => {})
    expect(await asOwner(database)`select from users`).toHaveLength(0)
  })

  test('uses passed values, and a function for unique columns', async () => {
    await prove({ values: { 'public.codes': (n) => ({ code: palindrome(`${n}`.padStart(5, '0')) }) } })
    const fixed = prove({ values: { 'public.codes': { code: palindrome('kayak') } } })
    await expect(fixed).rejects.toThrow('codes_code_key refuses')
  })
})

test('accepts ids of existing tenants for a schema with a table of tenants', async () => {
  const [a, b] = [newTenant(), newTenant()]
  const database = await createDatabase()
  await asOwner(database).unsafe(`
    create table organisations (id ${tenantColumnType} primary key); insert into organisations values ('${a}'), ('${b}');
    alter table users add constraint users_organisation_fkey foreign key (tenant_id) references organisations (id)`)
  const known = open(database)
  await expect(expectTenantIsolation(known, silent)).rejects.toThrow(
    'tenants: [a, b] with two tenants of public.organisations',
  )
  await expectTenantIsolation(known, { ...silent, tenants: [a, b] })
})

test('asks for values, and not for tenants, where another column refers to a table out of reach', async () => {
  const database = await createDatabase()
  await asOwner(database).unsafe(`create table plans (id int primary key); insert into plans values (7);
    ${protectedTable('bookings', 'plan_id int not null references plans (id)')}`)
  const rejected = await expectTenantIsolation(open(database), silent).catch(String)
  expect(rejected).toEndWith(
    "It needs an existing row of public.plans. Pass values: { 'public.bookings': { plan_id: … } }.",
  )
  await expectTenantIsolation(open(database), { ...silent, values: { 'public.bookings': { plan_id: 7 } } })
})

test('uses an existing row for a reference to a shared table', async () => {
  const database = await createDatabase()
  await asOwner(database).unsafe(`
    create table currencies (code text primary key); insert into currencies values ('CHF');
    grant select on currencies to app_user;
    ${protectedTable('prices', 'currency text not null references currencies (code)')}`)
  await expectTenantIsolation(open(database), silent)
})

test('accepts another name of the tenant column', async () => {
  const database = await createDatabase()
  await asOwner(database).unsafe(`
    create table invoices (org_id text not null, number int not null, primary key (org_id, number));
    alter table invoices enable row level security;
    create policy own on invoices using (org_id = current_setting('app.current_tenant', true));
    grant select, insert, delete on invoices to app_user`)
  const { rows } = await expectTenantIsolation(open(database), { ...silent, tenantColumn: 'org_id' })
  expect(new Set(rows.map(({ relation }) => relation))).toEqual(new Set(['public.invoices']))
  expect(rows).toContainEqual(
    expect.objectContaining({ operation: 'update', own: { result: 'denied', isViolation: false } }),
  )
})

describe('an exception', () => {
  test('skips a relation or one operation of it, with a note', async () => {
    const { rows, notes } = await expectTenantIsolation(db, {
      ...silent,
      except: ['public.tasks', 'public.users truncate'],
    })
    expect(rows.filter(({ relation }) => relation === 'public.tasks')).toEqual([])
    expect(rows.filter(({ operation }) => operation === 'truncate')).toEqual([])
    expect(notes).toContain('not probed: public.users truncate, listed in "except"')
  })

  test('must name an existing relation', async () => {
    await expect(expectTenantIsolation(db, { ...silent, except: ['public.task'] })).rejects.toThrow(
      'No relation with the tenant column is named public.task',
    )
    await expect(expectTenantIsolation(db, { ...silent, values: { tasks: {} } })).rejects.toThrow(
      'Write names as schema.name',
    )
  })
})

test('fails for a database without a relation with the tenant column', async () => {
  await expect(expectTenantIsolation(db, { ...silent, tenantColumn: 'missing' })).rejects.toThrow(
    'no privilege on a relation with the column missing',
  )
})

test('works inside the context of another tenant', async () => {
  await withTenant(newTenant(), () => expectTenantIsolation(db, silent))
})
