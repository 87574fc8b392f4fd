import assert from 'node:assert/strict'
import { sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import { withTenant } from '../../src/context/index.ts'
import { type StatementResult, type TenantTx, TransactionMisuse } from '../../src/database/index.ts'
import type { Case } from './escaped-handle-cases.ts'
import { addUser, failureOf, gate, openWatchedDatabase, tenantWithUser } from './watched-pool.ts'

const modes = ['read', 'write'] as const
type Mode = (typeof modes)[number]
const inEachMode = (name: string, run: (url: string, mode: Mode) => Promise<void>): Case[] =>
  modes.map((mode) => ({ name: name.replace('$mode', mode), run: (url) => run(url, mode) }))

const isMisuse = (error: unknown) => assert.ok(error instanceof TransactionMisuse, String(error))
const namesOf = async (tx: TenantTx) => (await tx.select({ name: users.name }).from(users)).map(({ name }) => name)
const slowly = sql`select pg_sleep(0.01)`
/** What was asked for before it has been sent after it. */
const isSent = () => new Promise<void>((resolve) => setImmediate(resolve))

/** What happens to a handle around the end of its transaction, and in the wrong place before it. */
export const liveHandleCases: Case[] = [
  ...inEachMode(
    'a sibling of a Promise.all in a $mode that threw does not query in the next tenant’s',
    async (url, mode) => {
      await using door = openWatchedDatabase({ url })
      const [a, b] = [await tenantWithUser(door), await tenantWithUser(door)]
      const nextHasBegun = gate(2)
      let late: Promise<unknown> | undefined
      const one = async (_tx: TenantTx) => {
        throw new Error('one')
      }
      const two = async (tx: TenantTx) => {
        await nextHasBegun()
        return await tx.select().from(users)
      }
      const work = (tx: TenantTx) => {
        late = failureOf(two(tx))
        return Promise.all([one(tx), late])
      }
      assert.match(String(await withTenant(a.tenant, () => failureOf(door[mode](work)))), /one/)
      const seen = await withTenant(b.tenant, () =>
        door[mode](async (tx) => {
          void nextHasBegun()
          isMisuse(await late)
          return await tx.select({ tenant: users.tenantId }).from(users)
        }),
      )
      assert.deepEqual(seen, [{ tenant: b.tenant }])
    },
  ),

  ...inEachMode('a query in a $mode that nobody awaited fails the call and is rolled back', async (url, mode) => {
    await using door = openWatchedDatabase({ url })
    const { tenant } = await tenantWithUser(door)
    const abandoned: Promise<unknown>[] = []
    const work = async (tx: TenantTx) => {
      if (mode === 'write') await addUser(tx, 'Eve')
      abandoned.push(tx.execute(slowly).execute())
      await isSent()
    }
    isMisuse(await withTenant(tenant, () => failureOf(door[mode](work))))
    assert.equal(door.sent.at(-1), 'rollback')
    assert.deepEqual(await withTenant(tenant, () => door.read(namesOf)), ['Ada'])
    await Promise.all(abandoned)
  }),

  ...inEachMode(
    'a query in a $mode that nobody awaited is not sent when it stood behind another',
    async (url, mode) => {
      await using door = openWatchedDatabase({ url })
      const { tenant } = await tenantWithUser(door)
      const abandoned: Promise<unknown>[] = []
      const work = async (tx: TenantTx) => {
        abandoned.push(tx.execute(slowly).execute())
        await isSent()
        abandoned.push(failureOf(tx.execute(sql`select 'second'`).execute()))
      }
      isMisuse(await withTenant(tenant, () => failureOf(door[mode](work))))
      isMisuse(await abandoned[1])
      assert.ok(!door.sent.includes(`select 'second'`))
    },
  ),

  ...inEachMode(
    'a query in a $mode that is under way at a failure is awaited before the rollback',
    async (url, mode) => {
      const order: string[] = []
      const listen = {
        before: (text: string) => void order.push(`${text} asked`),
        answer: (text: string, rows: StatementResult) => {
          order.push(`${text} answered`)
          return rows
        },
      }
      await using door = openWatchedDatabase({ url }, listen)
      const work = async (tx: TenantTx) => {
        tx.execute(sql`select 'first'`).catch(() => {})
        await isSent()
        throw new Error('no')
      }
      await withTenant(crypto.randomUUID(), () => failureOf(door[mode](work)))
      assert.ok(order.includes(`select 'first' asked`))
      assert.deepEqual(order.slice(-3), [`select 'first' answered`, 'rollback asked', 'rollback answered'])
    },
  ),

  ...inEachMode('a query of a microtask behind a $mode fails the call or is refused', async (url, mode) => {
    await using door = openWatchedDatabase({ url })
    const { tenant } = await tenantWithUser(door)
    for (let depth = 0; depth < 12; depth += 1) {
      let late: Promise<unknown> | undefined
      const settled = async (promise: Promise<unknown>) =>
        (await Promise.allSettled([promise]).then(([{ status }]) => status)) === 'fulfilled'
      const work = async (tx: TenantTx) => {
        const dive = async () => {
          for (let n = 0; n < depth; n += 1) await undefined
          return await tx.execute(sql`select 1`)
        }
        queueMicrotask(() => {
          late = settled(dive())
        })
      }
      const isDone = await withTenant(tenant, () => settled(door[mode](work)))
      assert.ok(late, 'The microtask did not come')
      assert.ok(!(isDone && (await late)), `Both the call and the query succeeded, ${depth} microtasks behind`)
    }
  }),

  ...inEachMode(
    'a timer behind a $mode that opens the door gets a transaction of its own tenant',
    async (url, mode) => {
      await using door = openWatchedDatabase({ url })
      const [a, b] = [await tenantWithUser(door), await tenantWithUser(door)]
      let late: Promise<string[]> | undefined
      const tenantsOf = async (tx: TenantTx) =>
        (await tx.select({ tenant: users.tenantId }).from(users)).map(({ tenant }) => tenant)
      const nextHasBegun = gate(2)
      const fire = () => {
        late = nextHasBegun().then(() => door[mode](tenantsOf))
      }
      await withTenant(a.tenant, () => door[mode](async () => void setTimeout(fire)))
      const seen = await withTenant(b.tenant, () =>
        door[mode](async (tx) => {
          await nextHasBegun()
          return await tenantsOf(tx)
        }),
      )
      assert.deepEqual([await late, seen], [[a.tenant], [b.tenant]])
    },
  ),

  ...inEachMode('a live handle of a $mode is refused in the name of another tenant', async (url, mode) => {
    await using door = openWatchedDatabase({ url })
    const [a, b] = [await tenantWithUser(door), await tenantWithUser(door)]
    const work = async (tx: TenantTx) => {
      const stored = tx.select().from(users)
      await withTenant(b.tenant, async () => {
        isMisuse(await failureOf(tx.select().from(users).execute()))
        isMisuse(await failureOf(stored.execute()))
        isMisuse(await failureOf(addUser(tx, 'Eve')))
      })
      return await namesOf(tx)
    }
    assert.deepEqual(await withTenant(a.tenant, () => door[mode](work)), ['Ada'])
  }),

  ...inEachMode('a live handle of a $mode is refused in the transaction of another tenant', async (url, mode) => {
    await using door = openWatchedDatabase({ url, size: 2 })
    const [a, b] = [await tenantWithUser(door), await tenantWithUser(door)]
    const [isLent, done] = [gate(2), gate(2)]
    const lent: TenantTx[] = []
    const lender = withTenant(a.tenant, () =>
      door[mode](async (tx) => {
        lent.push(tx)
        await isLent()
        await done()
      }),
    )
    const look = (tx: TenantTx) => tx.select({ tenant: users.tenantId }).from(users)
    const borrower = async (tx: TenantTx) => {
      await isLent()
      for (const foreign of lent) isMisuse(await failureOf(look(foreign).execute()))
      return await look(tx)
    }
    const seen = await withTenant(b.tenant, () => door[mode](borrower)).finally(() => void done())
    await lender
    assert.deepEqual(seen, [{ tenant: b.tenant }])
  }),

  {
    name: 'a joined call that was rejected takes the outer handle with it',
    async run(url) {
      await using door = openWatchedDatabase({ url })
      const { tenant } = await tenantWithUser(door)
      const inner = new Error('inner')
      const work = async (tx: TenantTx) => {
        await failureOf(door.write(() => Promise.reject(inner)))
        assert.equal(await failureOf(addUser(tx, 'Eve')), inner)
      }
      assert.equal(await withTenant(tenant, () => failureOf(door.write(work))), inner)
      assert.deepEqual(await withTenant(tenant, () => door.read(namesOf)), ['Ada'])
    },
  },
  {
    name: 'queries sent together on one handle are answered each with its own rows',
    async run(url) {
      await using door = openWatchedDatabase({ url })
      const ask = (tx: TenantTx) =>
        Promise.all(['a', 'b', 'c'].map((letter) => tx.execute(sql`select ${letter}::text as letter`)))
      const rows = await withTenant(crypto.randomUUID(), () => door.read(ask))
      assert.deepEqual(
        rows.map(([row]) => row?.letter),
        ['a', 'b', 'c'],
      )
    },
  },
]
