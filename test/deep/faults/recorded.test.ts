import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import { tasks } from '../../../db/schema/tasks.ts'
import { users } from '../../../db/schema/users.ts'
import { runInContext } from '../../../src/context/context.ts'
import type { TenantTx } from '../../../src/database/index.ts'
import { openDatabase, owner } from '../../database/shared-database.ts'
import { type ConnectionFault, connectionFaults } from '../../faults/faults.ts'
import { type Moment, openProxy } from '../../faults/proxy.ts'
import { directUrl, sessionsToEnd } from '../../faults/recovery.ts'
import { contextOf, newTenant } from '../../tenants.ts'

setDefaultTimeout(30_000)

/** Rows, their entries and the trash of one write. */
async function work(tx: TenantTx): Promise<void> {
  const [user] = await tx.insert(users).values({ email: 'a@b.example', name: 'Ada' }).returning()
  const [task] = await tx
    .insert(tasks)
    .values({ title: 'mine', userId: user?.id ?? '' })
    .returning()
  await tx.update(users).set({ name: 'Grace' })
  await tx.delete(tasks).where(eq(tasks.id, task?.id ?? ''))
}

/** Writes with a fault at the nth message of the transaction, and returns what is there of it afterwards. */
async function writeWith(fault: ConnectionFault, at: number, moment: Moment) {
  const tenant = newTenant()
  let isArmed = false
  let seen = 0
  let injected = 0
  await using proxy = await openProxy(directUrl(), (phase, each) => {
    if (!isArmed || each !== moment || phase === 'connect') return undefined
    seen += 1
    if (seen !== at || injected > 0) return undefined
    injected += 1
    return connectionFaults[fault]
  })
  await using db = openDatabase({ url: proxy.url })
  // Not the first transaction, which checks the login.
  await runInContext({ ...contextOf(newTenant()) }, () => db.write((tx) => tx.$count(users)))
  isArmed = true
  const done = await runInContext({ ...contextOf(tenant), actor: 'ada', requestId: 'r-1' }, () => db.write(work)).then(
    () => true,
    () => false,
  )
  for (const link of proxy.links) link.cut()
  await sessionsToEnd(proxy)
  const [row] = await owner`
    select (select count(*)::int from users where tenant_id = ${tenant} and name = 'Grace') as users,
      (select count(*)::int from tasks where tenant_id = ${tenant}) as tasks,
      (select count(*)::int from tenancy.trash where tenant_id = ${tenant}) as trash,
      array(select action || ' ' || resource || ' ' || actor || ' ' || request_id from tenancy.audit_trail
        where tenant_id = ${tenant} order by at, id) as entries`
  return { done, injected, found: row }
}

const nothing = { users: 0, tasks: 0, trash: 0, entries: [] }
const everything = {
  users: 1,
  tasks: 0,
  trash: 1,
  entries: ['created users', 'created tasks', 'updated users', 'deleted tasks'].map((change) => `${change} ada r-1`),
}

describe.each(['pg_terminate_backend', 'cut'] as const)('a write whose connection is lost by %s', (fault) => {
  test.each(['request', 'complete'] as const)(
    'at any message of it, at its %s, leaves its rows, their entries and the trash together, or none of them',
    async (moment) => {
      const outcomes = await Promise.all([1, 2, 3, 4, 5, 6].map((at) => writeWith(fault, at, moment)))
      expect(outcomes.some(({ injected, done }) => injected > 0 && !done)).toBe(true)
      for (const { done, found } of outcomes) {
        const isWhole = found?.users === 1
        expect({ ...found }).toEqual(isWhole ? everything : nothing)
        if (done) expect(isWhole).toBe(true)
      }
    },
  )
})

test('without a fault all of it is there', async () => {
  expect((await writeWith('cut', 99, 'request')).found).toMatchObject(everything)
})
