import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { openDatabase } from '../../database/shared-database.ts'
import { asOwner, createDatabase, main } from '../../database.ts'
import { connectionFaults } from '../../faults/faults.ts'
import { openProxy } from '../../faults/proxy.ts'
import { callerOf, newKey, newUser, serviceOn } from '../../idempotency/caller.ts'

setDefaultTimeout(20_000)

// A database whose tasks fall with their user.
const database = await createDatabase()
const owner = asOwner(database)
await owner.unsafe(`alter table tasks drop constraint tasks_tenant_id_user_id_fkey, add constraint tasks_tenant_id_user_id_fkey
  foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade`)
const direct = Object.assign(new URL(database.appUrl), { host: new URL(main.ownerUrl).host }).href

/** What a DELETE of a user with two tasks leaves. */
async function stateOf(tenant: string) {
  const [row] = await owner`
    select
      (select count(*)::int from users where tenant_id = ${tenant}) as users,
      (select count(*)::int from tasks where tenant_id = ${tenant}) as tasks,
      (select count(*)::int from tenancy.idempotency_keys where tenant_id = ${tenant}) as answers,
      (select count(*)::int from tenancy.audit_trail where tenant_id = ${tenant} and action = 'deleted') as entries,
      (select count(*)::int from tenancy.trash where tenant_id = ${tenant}) as trash`
  return { ...row }
}
const none = { users: 1, tasks: 2, answers: 0, entries: 0, trash: 0 }
const all = { users: 0, tasks: 0, answers: 1, entries: 3, trash: 3 }

const faults = (['pg_terminate_backend', 'cut'] as const).slice(0, process.env.DEEP ? 2 : 1)
// begin, the claim and the work; the stored answer and COMMIT.
const points = (['begin', 'confirm', 'first query', 'query', 'commit'] as const).flatMap((phase) =>
  (['request', 'response', 'complete'] as const).map((moment) => [phase, moment] as const),
)

describe.each(points)('a keyed DELETE that cascades, whose connection is lost at %s (%s)', (phase, moment) => {
  test.each(faults)('by %s leaves rows, answer, audit and trash together, or none of them', async (fault) => {
    let left = 0
    await using proxy = await openProxy(direct, (...where) => {
      if (left === 0 || where[0] !== phase || where[1] !== moment) return undefined
      left -= 1
      return connectionFaults[fault]
    })
    await using db = openDatabase({ url: proxy.url, size: 2 })
    const caller = callerOf(undefined, serviceOn(db))
    const { data: user } = await caller.send('POST', '/users', { body: newUser() })
    for (const title of ['A', 'B']) await caller.send('POST', '/tasks', { body: { title, userId: user.id } })
    expect(await stateOf(caller.tenant)).toEqual(none)
    const request = { key: newKey() }
    left = 1
    const first = await caller.send('DELETE', `/users/${user.id}`, request)
    expect(left).toBe(0)
    expect([none, all]).toContainEqual((await stateOf(caller.tenant)) as typeof all)
    let answer = first
    while (answer.status !== 204) {
      expect([409, 503]).toContain(answer.status)
      answer = await caller.send('DELETE', `/users/${user.id}`, request)
    }
    expect(await stateOf(caller.tenant)).toEqual(all)
  })
})
