import { describe, expect, test } from 'bun:test'
import { asOwner, main } from '../database.ts'
import { until } from '../runtime/child.ts'
import { newTenant } from '../tenants.ts'
import { addUser, asTenant, connectAsAppUser, sqlstateOf } from './app-user.ts'

// Guarantee G3, as the serving role with raw SQL: on a fresh connection and on used ones.
const owner = asOwner(main)
const tenant = newTenant()
const userId = await addUser(connectAsAppUser(), tenant)

type Sql = ReturnType<typeof connectAsAppUser>
const leave = (work: (tx: Parameters<Parameters<typeof asTenant>[2]>[0]) => Promise<unknown>) => async (sql: Sql) => {
  await asTenant(sql, tenant, async (tx) => {
    await tx`select count(*) from users`
    await work(tx)
  }).catch(() => {})
}

const histories: [string, (sql: Sql) => Promise<unknown>][] = [
  ['a fresh connection', async () => {}],
  ['one that committed', leave(async () => {})],
  ['one that rolled back', leave(() => Promise.reject(new Error('no')))],
  ['one that had an error', leave((tx) => tx`select 1 / 0`)],
  [
    'one whose statement timed out',
    leave(async (tx) => {
      await tx`set local statement_timeout = '20ms'`
      await tx`select pg_sleep(60)`
    }),
  ],
  [
    'one whose statement was cancelled',
    leave(async (tx) => {
      const [row] = await tx`select pg_backend_pid() as pid`
      const sleeping = tx`select pg_sleep(60)`
      const cancel = until(
        async () =>
          (
            await owner`select pg_cancel_backend(pid) from pg_stat_activity
        where pid = ${row?.pid} and state = 'active' and wait_event = 'PgSleep'`
          ).length > 0,
      )
      await Promise.all([sleeping, cancel])
    }),
  ],
  ['one that prepared its statements for a tenant', (sql) => asTenant(sql, tenant, (tx) => tx`select id from users`)],
]

describe.each(histories)('without a tenant, on %s', (_name, history) => {
  const sql = connectAsAppUser()

  test('no row is seen', async () => {
    await history(sql)
    expect([...(await sql`select id from users`), ...(await sql`select id from tasks`)]).toEqual([])
    expect([...(await sql`select count(*)::int as count from users`)]).toEqual([{ count: 0 }])
  })

  test('no row is changed or deleted', async () => {
    await history(sql)
    expect((await sql`update users set name = 'changed'`).count).toBe(0)
    expect((await sql`delete from users`).count).toBe(0)
    expect([...(await owner`select name from users where id = ${userId}`)]).toEqual([{ name: 'Ada' }])
  })

  test('no row is inserted, whatever tenant it names', async () => {
    await history(sql)
    expect(await sqlstateOf(sql`insert into users (email, name) values ('x', 'x')`)).toBe('42501')
    expect(await sqlstateOf(sql`insert into users (tenant_id, email, name) values (${tenant}, 'x', 'x')`)).toBe('42501')
    expect(await sqlstateOf(sql`insert into users (tenant_id, email, name) values (null, 'x', 'x')`)).toBe('42501')
  })
})
