import { beforeEach, describe, expect, test } from 'bun:test'
import { asOwner, main } from '../database.ts'
import { newTenant } from '../tenants.ts'
import { addUser, asTenant, connectAsAppUser, sqlstateOf } from './app-user.ts'

// As the serving role with raw SQL: what the database isolates without our code.
const sql = connectAsAppUser()
const owner = asOwner(main)
let [a, b] = ['', '']
let ours = ''
let theirs = ''

beforeEach(async () => {
  ;[a, b] = [newTenant(), newTenant()]
  ours = await addUser(sql, a)
  theirs = await addUser(sql, b)
  await asTenant(sql, b, (tx) => tx`insert into tasks (title, user_id) values ('theirs', ${theirs})`)
})

describe('another tenant’s row', () => {
  test('is not returned by id, by tenant or without a condition', async () => {
    const rows = await asTenant(sql, a, async (tx) => [
      ...(await tx`select id from users where id = ${theirs}`),
      ...(await tx`select id from users where tenant_id = ${b}`),
      ...(await tx`select id from tasks`),
    ])
    expect(rows).toEqual([])
  })

  test('is not changed', async () => {
    expect((await asTenant(sql, a, (tx) => tx`update users set name = 'x' where id = ${theirs}`)).count).toBe(0)
    expect((await asTenant(sql, a, (tx) => tx`update tasks set title = 'x'`)).count).toBe(0)
    expect([...(await owner`select name from users where id = ${theirs}`)]).toEqual([{ name: 'Ada' }])
  })

  test('is not deleted', async () => {
    expect((await asTenant(sql, a, (tx) => tx`delete from users where id = ${theirs}`)).count).toBe(0)
    expect((await asTenant(sql, a, (tx) => tx`delete from tasks`)).count).toBe(0)
  })

  test('is not locked', async () => {
    expect([...(await asTenant(sql, a, (tx) => tx`select id from users where id = ${theirs} for update`))]).toEqual([])
  })

  test('cannot be inserted', async () => {
    const insert = asTenant(sql, a, (tx) => tx`insert into users (tenant_id, email, name) values (${b}, 'x', 'x')`)
    expect(await sqlstateOf(insert)).toBe('42501')
  })

  test('cannot be upserted', async () => {
    const upsert = asTenant(
      sql,
      a,
      (tx) => tx`insert into users (tenant_id, id, email, name) values (${b}, ${theirs}, 'x', 'x')
        on conflict (tenant_id, id) do update set name = 'x'`,
    )
    expect(await sqlstateOf(upsert)).toBe('42501')
  })

  test('cannot result from an update of the tenant column', async () => {
    expect(await sqlstateOf(asTenant(sql, a, (tx) => tx`update users set tenant_id = ${b}`))).toBe('42501')
  })

  test('cannot be copied', async () => {
    expect(await sqlstateOf(asTenant(sql, a, (tx) => tx.unsafe(`copy users (name) from program 'true'`)))).toBe('42501')
    expect(await sqlstateOf(asTenant(sql, a, (tx) => tx.unsafe(`copy users to '/tmp/users'`)))).toBe('42501')
  })

  test('cannot be referenced: its id gives the same error as an unknown id', async () => {
    const refer = (id: string) =>
      sqlstateOf(asTenant(sql, a, (tx) => tx`insert into tasks (title, user_id) values ('mine', ${id})`))
    expect([await refer(theirs), await refer(crypto.randomUUID()), await refer(ours)]).toEqual([
      '23503',
      '23503',
      'accepted',
    ])
  })

  test('does not prevent deleting the own row with the same id', async () => {
    const id = crypto.randomUUID()
    for (const tenant of [a, b])
      await asTenant(sql, tenant, (tx) => tx`insert into users (id, email, name) values (${id}, ${id}, 'twin')`)
    await asTenant(sql, b, (tx) => tx`insert into tasks (title, user_id) values ('keeps theirs', ${id})`)
    expect((await asTenant(sql, a, (tx) => tx`delete from users where id = ${id}`)).count).toBe(1)
  })
})

describe('the same natural key', () => {
  test('works in two tenants', async () => {
    const email = `${crypto.randomUUID()}@rowhouse.example`
    await addUser(sql, a, email)
    await addUser(sql, b, email)
    expect((await owner`select from users where email = ${email}`).length).toBe(2)
  })

  test('is refused within one, also in upper case', async () => {
    const email = `${crypto.randomUUID()}@rowhouse.example`
    await addUser(sql, a, email)
    expect(await sqlstateOf(addUser(sql, a, email.toUpperCase()))).toBe('23505')
  })
})

describe('a prepared statement', () => {
  test('shows each tenant its own rows on one connection', async () => {
    const tenants = [newTenant(), newTenant()]
    for (const tenant of tenants) await addUser(sql, tenant)
    // Seven runs, because PostgreSQL may reuse one plan from the sixth on.
    for (const tenant of Array.from({ length: 7 }, () => tenants).flat())
      expect([...(await asTenant(sql, tenant, (tx) => tx`select tenant_id from users`))]).toEqual([
        { tenant_id: tenant },
      ])
  })
})

test('row-level security applies to the owner of the tables', async () => {
  const role = `owner_${crypto.randomUUID().slice(0, 8)}`
  const seen = await owner
    .begin(async (tx) => {
      await tx.unsafe(`create role ${role}; grant ${role} to current_user; alter table tasks owner to ${role};
      grant usage on schema tenancy to ${role}; set local role ${role}`)
      const rows = await tx`select count(*)::int as count from tasks`
      await tx.unsafe('reset role')
      throw Object.assign(new Error('undone'), { rows })
    })
    .catch((error: unknown) => (error instanceof Error && 'rows' in error ? error.rows : error))
  expect(seen).toMatchObject([{ count: 0 }])
})
