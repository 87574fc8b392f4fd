import { describe, expect, test } from 'bun:test'
import { withTenant } from '../../src/context/index.ts'
import type { TenantDatabase } from '../../src/database/index.ts'
import {
  expectTenantIsolation,
  IsolationBroken,
  IsolationMatrix,
  type IsolationOptions,
} from '../../src/testing/index.ts'
import { asOwner, createDatabase, db, newTenant, open } from '../database.ts'
import { walled } from './isolation.ts'

const silent = { print: () => {} }

describe('the matrix', () => {
  test('is printed, one aligned line a statement, and returned', async () => {
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
      own: { result: '1', isBroken: false },
      foreign: { result: '0', isBroken: false },
      none: { result: '0', isBroken: false },
    })
  })

  test('has no line that is longer than 120 characters, however long names are', () => {
    const cell = { result: 'refused', isBroken: true }
    const relation = `public.${'a'.repeat(63)}`
    const row = { relation, operation: `reference ${'b'.repeat(63)}`, own: cell, foreign: cell, none: cell }
    for (const line of String(new IsolationMatrix([row], [])).split('\n')) expect(line.length).toBeLessThanOrEqual(120)
  })

  test('says what it cannot show', async () => {
    const { notes } = await expectTenantIsolation(db, silent)
    expect(notes).toEqual([
      'not probed: COPY (the driver cannot send it), functions, and relations without the tenant column',
    ])
  })
})

test('nothing that it makes stays', async () => {
  const [a, b] = [newTenant(), newTenant()]
  const database = await createDatabase()
  await expectTenantIsolation(open(database), { ...silent, tenants: [a, b] })
  const left = await asOwner(
    database,
  )`select (select count(*) from users)::int as users, (select count(*) from tasks)::int as tasks`
  expect([...left]).toEqual([{ users: 0, tasks: 0 }])
})

test('rows that the tenants have already are left alone', async () => {
  const [a, b] = [newTenant(), newTenant()]
  const database = await createDatabase()
  const owner = asOwner(database)
  await owner`insert into users (tenant_id, email, name) values (${a}, 'ada', 'Ada'), (${b}, 'bob', 'Bob'), (${b}, 'bea', 'Bea')`
  const { rows } = await expectTenantIsolation(open(database), { ...silent, tenants: [a, b] })
  expect(rows).toContainEqual(
    expect.objectContaining({ relation: 'public.users', operation: 'count', own: { result: '3', isBroken: false } }),
  )
  expect([...(await owner`select email from users order by email`)]).toEqual([
    { email: 'ada' },
    { email: 'bea' },
    { email: 'bob' },
  ])
})

test('a row that cannot be told from those that were there stays, and is said to', async () => {
  const tenants: [string, string] = [newTenant(), newTenant()]
  const database = await createDatabase()
  const owner = asOwner(database)
  await owner.unsafe(`
    create table notes (tenant_id uuid not null default tenancy.current_tenant_id(), note text);
    select tenancy.protect('notes'); insert into notes values ('${tenants[0]}', 'mine'), ('${tenants[1]}', 'yours')`)
  const { notes } = await expectTenantIsolation(open(database), { ...silent, tenants })
  expect(notes).toContain('left behind: what was written to public.notes could not be deleted')
  expect((await owner`select note from notes`).map(({ note }) => note)).toEqual(
    expect.arrayContaining(['mine', 'yours']),
  )
})

test('a row of the other tenant that is not what it was is noticed, whatever did it', async () => {
  const database = await createDatabase()
  await asOwner(database).unsafe(`
    drop policy tenant_restrictive on users; drop policy tenant_isolation on users;
    create policy lax on users using (true) with check (true)`)
  const door = open(database)
  // A door that does not roll back what has failed.
  const leaking: TenantDatabase = {
    ...door,
    write: async (work) => {
      const [outcome] = await Promise.allSettled([door.write((tx) => Promise.allSettled([work(tx)]))])
      if (outcome.status === 'rejected') throw outcome.reason
      if (outcome.value[0].status === 'rejected') throw outcome.value[0].reason
      return outcome.value[0].value
    },
  }
  const proof = expectTenantIsolation(leaking, { ...silent, except: ['public.tasks'] })
  await expect(proof).rejects.toThrow('public.users afterwards: foreign changed')
})

test('the error names every cell that is wrong, and carries the matrix', async () => {
  const database = await createDatabase()
  await asOwner(database).unsafe('grant truncate on tasks to app_user')
  const error = await expectTenantIsolation(open(database), silent).catch((thrown: unknown) => thrown)
  const holes = ['own', 'foreign', 'none'].map((whose) => `public.tasks truncate: ${whose} allowed`)
  expect(error).toBeInstanceOf(IsolationBroken)
  expect(error).toMatchObject({ message: `Tenants are not kept apart:\n${holes.join('\n')}`, matrix: { holes } })
})

describe('a row that cannot be guessed', async () => {
  const database = await createDatabase()
  await asOwner(database).unsafe(
    walled('codes', 'code text not null unique check (code = reverse(code) and char_length(code) > 8)'),
  )
  const prove = (options: IsolationOptions) =>
    expectTenantIsolation(open(database), { ...silent, except: ['public.codes same key'], ...options })
  const palindrome = (text: string) => `${text}${[...text].reverse().join('')}`

  test('is a failure that names the constraint and what to pass', async () => {
    const proof = prove({})
    await expect(proof).rejects.toThrow('No row of public.codes could be made: codes_code_check refuses what was tried')
    await expect(proof).rejects.toThrow("Pass values: { 'public.codes': { code: … } }")
  })

  test('leaves nothing of the rows that could be made', async () => {
    await prove({}).catch(() => {})
    expect(await asOwner(database)`select from users`).toHaveLength(0)
  })

  test('is made of values that were passed, of a function where they must be unique', async () => {
    await prove({ values: { 'public.codes': (n) => ({ code: palindrome(`${n}`.padStart(5, '0')) }) } })
    const fixed = prove({ values: { 'public.codes': { code: palindrome('kayak') } } })
    await expect(fixed).rejects.toThrow('codes_code_key refuses')
  })
})

test('a table that must know the tenants is given tenants that it knows', async () => {
  const [a, b] = [newTenant(), newTenant()]
  const database = await createDatabase()
  await asOwner(database).unsafe(`
    create table organisations (id uuid primary key); insert into organisations values ('${a}'), ('${b}');
    alter table users add constraint users_organisation_fkey foreign key (tenant_id) references organisations (id)`)
  const known = open(database)
  await expect(expectTenantIsolation(known, silent)).rejects.toThrow(
    'tenants: [a, b] where public.organisations holds the tenants',
  )
  await expectTenantIsolation(known, { ...silent, tenants: [a, b] })
})

test('a reference to a table that all tenants share takes a row that is there', async () => {
  const database = await createDatabase()
  await asOwner(database).unsafe(`
    create table currencies (code text primary key); insert into currencies values ('CHF');
    grant select on currencies to app_user;
    ${walled('prices', 'currency text not null references currencies (code)')}`)
  await expectTenantIsolation(open(database), silent)
})

test('the tenant column may have another name', async () => {
  const database = await createDatabase()
  await asOwner(database).unsafe(`
    create table invoices (org_id text not null, number int not null, primary key (org_id, number));
    alter table invoices enable row level security;
    create policy own on invoices using (org_id = current_setting('app.current_tenant', true));
    grant select, insert, delete on invoices to app_user`)
  const { rows } = await expectTenantIsolation(open(database), { ...silent, tenantColumn: 'org_id' })
  expect(new Set(rows.map(({ relation }) => relation))).toEqual(new Set(['public.invoices']))
  expect(rows).toContainEqual(
    expect.objectContaining({ operation: 'update', own: { result: 'denied', isBroken: false } }),
  )
})

describe('what is excepted', () => {
  test('is left out: a relation, or one operation of it, and said so', async () => {
    const { rows, notes } = await expectTenantIsolation(db, {
      ...silent,
      except: ['public.tasks', 'public.users truncate'],
    })
    expect(rows.filter(({ relation }) => relation === 'public.tasks')).toEqual([])
    expect(rows.filter(({ operation }) => operation === 'truncate')).toEqual([])
    expect(notes).toContain('not probed: public.users truncate, as asked')
  })

  test('must be there: a name that is misspelt would leave out nothing, or all', async () => {
    await expect(expectTenantIsolation(db, { ...silent, except: ['public.task'] })).rejects.toThrow(
      'no relation of tenants named public.task',
    )
    await expect(expectTenantIsolation(db, { ...silent, values: { tasks: {} } })).rejects.toThrow('write schema.name')
  })
})

test('a database without any relation of tenants proves nothing, and that is a failure', async () => {
  await expect(expectTenantIsolation(db, { ...silent, tenantColumn: 'nobody' })).rejects.toThrow(
    'no relation with the column nobody',
  )
})

test('the tenant of whoever calls is not what is probed', async () => {
  await withTenant(newTenant(), () => expectTenantIsolation(db, silent))
})
