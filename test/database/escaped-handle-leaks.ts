import { AsyncLocalStorage } from 'node:async_hooks'
import { sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import type { TenantDatabase, TenantTx } from '../../src/database/index.ts'
import { addUser, failureOf } from './watched-pool.ts'

/** A function that leaves its transaction and queries with its handle when it is called later. */
export type Escaped = () => Promise<unknown>

export interface Leak {
  name: string
  /** Runs in the transaction, which fails with the error that this throws. */
  leak(tx: TenantTx, keep: (escaped: Escaped) => void, db: TenantDatabase): Promise<unknown>
}

const select = (tx: TenantTx) => tx.select().from(users)

/** A leak whose transaction succeeds. */
const keeping = (name: string, make: (tx: TenantTx) => Escaped | Promise<Escaped>): Leak => ({
  name,
  leak: async (tx, keep) => keep(await make(tx)),
})

async function* pages(tx: TenantTx) {
  for (let offset = 0; ; offset += 1) yield await select(tx).limit(1).offset(offset)
}

// A generator that has thrown is done, so each attempt takes another one.
const generators = (tx: TenantTx) => Array.from({ length: 4 }, () => pages(tx))

/** The ways in which a handle leaves its transaction. */
export const leaks: Leak[] = [
  keeping('a stored handle that reads', (tx) => () => select(tx).execute()),
  keeping('a stored handle that writes', (tx) => () => addUser(tx)),
  keeping('a stored handle that updates blindly', (tx) => () => tx.update(users).set({ name: 'Eve' }).execute()),
  keeping('a stored handle that deletes blindly', (tx) => () => tx.delete(users).execute()),
  keeping('a stored handle that runs SQL', (tx) => () => tx.execute(sql`select * from users`).execute()),
  keeping('a stored handle that counts', (tx) => async () => await tx.$count(users)),
  keeping('a stored builder', (tx) => {
    const query = select(tx)
    return () => query.execute()
  }),
  keeping('a stored builder that ran before', async (tx) => {
    const query = select(tx).orderBy(users.id)
    await query
    return () => query.execute()
  }),
  keeping('a stored builder with a common table expression', (tx) => {
    const own = tx.$with('own').as(select(tx))
    return () => tx.with(own).select().from(own).execute()
  }),
  keeping('a prepared query', (tx) => {
    const query = select(tx).prepare('escaped')
    return () => query.execute()
  }),
  keeping('a prepared query that ran before', async (tx) => {
    const query = select(tx).prepare('escaped')
    await query.execute()
    return () => query.execute()
  }),
  keeping('a generator that holds the handle', async (tx) => {
    const started = generators(tx)
    await Promise.all(started.map((generator) => generator.next()))
    return async () => await started.pop()?.next()
  }),
  keeping('a generator that was not started', (tx) => {
    const waiting = generators(tx)
    return async () => await waiting.pop()?.next()
  }),
  keeping('a callback bound to the context of the transaction', (tx) => {
    const inContext = AsyncLocalStorage.snapshot()
    return () => inContext(() => select(tx).execute())
  }),
  keeping('a timer', (tx) => () => new Promise((resolve) => setTimeout(resolve)).then(() => select(tx))),
  {
    name: 'the handle of a call that joined',
    leak: (_tx, keep, db) => db.read(async (inner) => keep(() => select(inner).execute())),
  },
  {
    name: 'the handle of a call that joined and was rejected',
    leak: (_tx, keep, db) =>
      db.read(async (inner) => {
        keep(() => select(inner).execute())
        throw new Error('inner')
      }),
  },
  {
    name: 'the handle of a call that joined and was rejected, with its error caught',
    leak: (_tx, keep, db) =>
      failureOf(
        db.read(async (inner) => {
          keep(() => select(inner).execute())
          await inner.execute(sql`select 1 / 0`)
        }),
      ),
  },
  {
    name: 'the handle of a transaction that failed',
    async leak(tx, keep) {
      keep(() => select(tx).execute())
      throw new Error('outer')
    },
  },
]
