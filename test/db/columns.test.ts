import { describe, expect, test } from 'bun:test'
import { asOwner, main } from '../database.ts'
import { newTenant } from '../tenants.ts'
import { addUser, asTenant, connectAsAppUser, sqlstateOf } from './app-user.ts'

const sql = connectAsAppUser()
const owner = asOwner(main)

describe('updated_at', () => {
  test('grows with every change, also within one transaction and one millisecond', async () => {
    const tenant = newTenant()
    await addUser(sql, tenant)
    const times = await asTenant(sql, tenant, async (tx) => {
      const seen: number[] = []
      for (let n = 0; n < 5; n++) {
        const [row] = await tx`update users set name = 'Ada' returning extract(epoch from updated_at)::float8 as at`
        seen.push(row?.at)
      }
      return seen
    })
    expect(times).toEqual([...new Set(times)].sort((one, other) => one - other))
    expect(times).toHaveLength(5)
  })

  test('cannot be set back', async () => {
    const tenant = newTenant()
    await addUser(sql, tenant)
    const [row] = await asTenant(
      sql,
      tenant,
      (tx) => tx`update users set updated_at = '2001-01-01' returning updated_at > created_at as later`,
    )
    expect(row).toEqual({ later: true })
  })

  test('does not change with rows of another tenant', async () => {
    const [a, b] = [newTenant(), newTenant()]
    const id = await addUser(sql, a)
    await addUser(sql, b)
    const read = () => owner`select updated_at from users where id = ${id}`
    const before = [...(await read())]
    await asTenant(sql, b, (tx) => tx`update users set name = 'x'`)
    expect([...(await read())]).toEqual(before)
  })

  test('has whole milliseconds, like created_at', async () => {
    const tenant = newTenant()
    await addUser(sql, tenant)
    const [row] = await asTenant(
      sql,
      tenant,
      (tx) => tx`select extract(microseconds from created_at)::int % 1000 as created,
        extract(microseconds from updated_at)::int % 1000 as updated from users`,
    )
    expect(row).toEqual({ created: 0, updated: 0 })
  })
})

describe('tenancy.uuid_v7()', () => {
  // The digest takes some microseconds: more than the clock's unit and less than a millisecond.
  const ids = async (count: number) =>
    (
      await owner`select tenancy.uuid_v7()::text as id, md5(repeat('x', 5000 + n)) from generate_series(1, ${count}) as n`
    ).map((row) => String(row.id))

  test('has version 7 and the variant of RFC 9562', async () => {
    for (const id of await ids(200))
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  test('increases with time, also within a millisecond', async () => {
    const found = await ids(500)
    expect(found).toEqual([...found].sort())
    const milliseconds = new Set(found.map((id) => id.slice(0, 13)))
    expect(milliseconds.size).toBeLessThan(found.length / 4)
  })

  test('contains its time of creation', async () => {
    const [row] = await owner`
      select tenancy.uuid_v7()::text as id, extract(epoch from clock_timestamp())::float8 * 1000 as now`
    const made = Number.parseInt(String(row?.id).replaceAll('-', '').slice(0, 12), 16)
    expect(Math.abs(made - row?.now)).toBeLessThan(1000)
  })

  test('is unique', async () => {
    const [row] = await owner`
      select count(distinct id)::int as count from (select tenancy.uuid_v7() as id from generate_series(1, 20000)) as made`
    expect(row?.count).toBe(20_000)
  })
})

describe('the database refuses', () => {
  const long = (length: number) => 'é'.repeat(length)
  const user = (email: string, name: string) =>
    sqlstateOf(asTenant(sql, newTenant(), (tx) => tx`insert into users (email, name) values (${email}, ${name})`))
  const task = (title: string, status: string, description: string | null) => {
    const tenant = newTenant()
    return sqlstateOf(
      addUser(sql, tenant).then((id) =>
        asTenant(
          sql,
          tenant,
          (tx) => tx`insert into tasks (title, status, description, user_id)
            values (${title}, ${status}, ${description}, ${id})`,
        ),
      ),
    )
  }

  test.each([
    ['', 'Ada', '23514'],
    [long(321), 'Ada', '23514'],
    [long(320), long(200), 'accepted'],
    ['ada@rowhouse.example', '', '23514'],
    ['ada@rowhouse.example', long(201), '23514'],
  ])('an empty or too long email or name', async (email, name, outcome) => {
    expect(await user(email, name)).toBe(outcome)
  })

  test.each([
    ['', 'todo', null, '23514'],
    [long(201), 'todo', null, '23514'],
    [long(200), 'done', long(10_000), 'accepted'],
    ['Paint', 'in_progress', '', 'accepted'],
    ['Paint', 'todo', long(10_001), '23514'],
    ['Paint', 'someday', null, '23514'],
  ])('an invalid title, description or status', async (title, status, description, outcome) => {
    expect(await task(title, status, description)).toBe(outcome)
  })

  test('a task without a user', async () => {
    const insert = asTenant(sql, newTenant(), (tx) => tx`insert into tasks (title) values ('x')`)
    expect(await sqlstateOf(insert)).toBe('23502')
  })

  test('deleting a user with tasks', async () => {
    const tenant = newTenant()
    const id = await addUser(sql, tenant)
    await asTenant(sql, tenant, (tx) => tx`insert into tasks (title, user_id) values ('x', ${id})`)
    expect(await sqlstateOf(asTenant(sql, tenant, (tx) => tx`delete from users`))).toBe('23503')
  })
})
