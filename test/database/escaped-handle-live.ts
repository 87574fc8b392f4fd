import assert from 'node:assert/strict'
import { sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import { type StatementResult, type TenantTx, TransactionMisuse } from '../../src/database/index.ts'
import { newTenant, withTenant } from '../tenants.ts'
import type { Case } from './escaped-handle-cases.ts'
import { addUser, failureOf, gate, openWatchedDatabase, tenantWithUser } from './watched-pool.ts'

const modes = ['read', 'write'] as const
type Mode = (typeof modes)[number]
const inEachMode = (name: string, run: (url: string, mode: Mode) => Promise<void>): Case[] =>
  modes.map((mode) => ({ name: name.replace('$mode', mode), run: (url) => run(url, mode) }))

const isMisuse = (error: unknown) => assert.ok(error instanceof TransactionMisuse, String(error))
const namesOf = async (tx: TenantTx) => (await tx.select({ name: users.name }).from(users)).map(({ name }) => name)
const slowly = sql`select pg_sleep(0.01)`
/** Resolves after earlier queries were sent. */
const isSent = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Handles around the end of their transaction, and in the context of another tenant before it. */
export const liveHandleCases: Case[] = [
  ...inEachMode(
    'a sibling of a Promise.all in a $mode that threw does not query in the next tenant’s',
    async (url, mode) => {
      await using db = openWatchedDatabase({ url })
      const [a, b] = [await tenantWithUser(db), await tenantWithUser(db)]
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
      assert.match(String(await withTenant(a.tenant, () => failureOf(db[mode](work)))), /one/)
      const seen = await withTenant(b.tenant, () =>
        db[mode](async (tx) => {
          void nextHasBegun()
          isMisuse(await late)
          return await tx.select({ tenant: users.tenantId }).from(users)
        }),
      )
      assert.deepEqual(seen, [{ tenant: b.tenant }])
    },
  ),

  ...inEachMode('a query in a $mode that was not awaited fails the call and is rolled back', async (url, mode) => {
    await using db = openWatchedDatabase({ url })
    const { tenant } = await tenantWithUser(db)
    const abandoned: Promise<unknown>[] = []
    const work = async (tx: TenantTx) => {
      if (mode === 'write') await addUser(tx, 'Eve')
      abandoned.push(tx.execute(slowly).execute())
      await isSent()
    }
    isMisuse(await withTenant(tenant, () => failureOf(db[mode](work))))
    assert.equal(db.sent.at(-1), 'rollback')
    assert.deepEqual(await withTenant(tenant, () => db.read(namesOf)), ['Ada'])
    await Promise.all(abandoned)
  }),

  ...inEachMode('a query in a $mode that was not awaited is not sent behind a pending one', async (url, mode) => {
    await using db = openWatchedDatabase({ url })
    const { tenant } = await tenantWithUser(db)
    const abandoned: Promise<unknown>[] = []
    const work = async (tx: TenantTx) => {
      abandoned.push(tx.execute(slowly).execute())
      await isSent()
      abandoned.push(failureOf(tx.execute(sql`select 'second'`).execute()))
    }
    isMisuse(await withTenant(tenant, () => failureOf(db[mode](work))))
    isMisuse(await abandoned[1])
    assert.ok(!db.sent.includes(`select 'second'`))
  }),

  ...inEachMode('a query in a $mode that is pending at a failure is awaited before the rollback', async (url, mode) => {
    const order: string[] = []
    const recordOrder = {
      before: (text: string) => void order.push(`${text} sent`),
      answer: (text: string, rows: StatementResult) => {
        order.push(`${text} answered`)
        return rows
      },
    }
    await using db = openWatchedDatabase({ url }, recordOrder)
    const work = async (tx: TenantTx) => {
      tx.execute(sql`select 'first'`).catch(() => {})
      await isSent()
      throw new Error('no')
    }
    await withTenant(newTenant(), () => failureOf(db[mode](work)))
    assert.ok(order.includes(`select 'first' answered`))
    assert.ok(order.indexOf(`select 'first' answered`) < order.indexOf('rollback sent'))
    assert.deepEqual(order.slice(-2), ['rollback sent', 'rollback answered'])
  }),

  ...inEachMode('a query of a microtask behind a $mode fails the call or is rejected', async (url, mode) => {
    await using db = openWatchedDatabase({ url })
    const { tenant } = await tenantWithUser(db)
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
      const isDone = await withTenant(tenant, () => settled(db[mode](work)))
      assert.ok(late, 'The microtask did not run')
      assert.ok(!(isDone && (await late)), `Both the call and the query succeeded, ${depth} microtasks behind`)
    }
  }),

  ...inEachMode(
    'a timer behind a $mode that calls it again gets a transaction of its own tenant',
    async (url, mode) => {
      await using db = openWatchedDatabase({ url })
      const [a, b] = [await tenantWithUser(db), await tenantWithUser(db)]
      let late: Promise<string[]> | undefined
      const tenantsOf = async (tx: TenantTx) =>
        (await tx.select({ tenant: users.tenantId }).from(users)).map(({ tenant }) => tenant)
      const nextHasBegun = gate(2)
      const fire = () => {
        late = nextHasBegun().then(() => db[mode](tenantsOf))
      }
      await withTenant(a.tenant, () => db[mode](async () => void setTimeout(fire)))
      const seen = await withTenant(b.tenant, () =>
        db[mode](async (tx) => {
          await nextHasBegun()
          return await tenantsOf(tx)
        }),
      )
      assert.deepEqual([await late, seen], [[a.tenant], [b.tenant]])
    },
  ),

  ...inEachMode('a live handle of a $mode is rejected in the context of another tenant', async (url, mode) => {
    await using db = openWatchedDatabase({ url })
    const [a, b] = [await tenantWithUser(db), await tenantWithUser(db)]
    const work = async (tx: TenantTx) => {
      const stored = tx.select().from(users)
      await withTenant(b.tenant, async () => {
        isMisuse(await failureOf(tx.select().from(users).execute()))
        isMisuse(await failureOf(stored.execute()))
        isMisuse(await failureOf(addUser(tx, 'Eve')))
      })
      return await namesOf(tx)
    }
    assert.deepEqual(await withTenant(a.tenant, () => db[mode](work)), ['Ada'])
  }),

  ...inEachMode('a live handle of a $mode is rejected in the transaction of another tenant', async (url, mode) => {
    await using db = openWatchedDatabase({ url, size: 2 })
    const [a, b] = [await tenantWithUser(db), await tenantWithUser(db)]
    const [isLent, done] = [gate(2), gate(2)]
    const lent: TenantTx[] = []
    const lender = withTenant(a.tenant, () =>
      db[mode](async (tx) => {
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
    const seen = await withTenant(b.tenant, () => db[mode](borrower)).finally(() => void done())
    await lender
    assert.deepEqual(seen, [{ tenant: b.tenant }])
  }),

  {
    name: 'a joined call that was rejected fails the outer handle',
    async run(url) {
      await using db = openWatchedDatabase({ url })
      const { tenant } = await tenantWithUser(db)
      const inner = new Error('inner')
      const work = async (tx: TenantTx) => {
        await failureOf(db.write(() => Promise.reject(inner)))
        assert.equal(await failureOf(addUser(tx, 'Eve')), inner)
      }
      assert.equal(await withTenant(tenant, () => failureOf(db.write(work))), inner)
      assert.deepEqual(await withTenant(tenant, () => db.read(namesOf)), ['Ada'])
    },
  },
  {
    name: 'queries that are sent together on one handle each return their own rows',
    async run(url) {
      await using db = openWatchedDatabase({ url })
      const ask = (tx: TenantTx) =>
        Promise.all(['a', 'b', 'c'].map((letter) => tx.execute(sql`select ${letter}::text as letter`)))
      const rows = await withTenant(newTenant(), () => db.read(ask))
      assert.deepEqual(
        rows.map(([row]) => row?.letter),
        ['a', 'b', 'c'],
      )
    },
  },
]
