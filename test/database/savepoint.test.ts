import { describe, expect, test } from 'bun:test'
import { eq, sql, TransactionRollbackError } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import { prepared, type TenantTx, TransactionMisuse } from '../../src/database/index.ts'
import { findDatabaseError } from '../../src/errors/index.ts'
import { db, main } from '../database.ts'
import { newTenant, withTenant } from '../tenants.ts'
import { openCountingProxy } from './counting-proxy.ts'
import {
  addUser,
  backendOf,
  countUsers,
  failureOf,
  gate,
  openDatabase,
  openDatabaseWith,
  setsTenant,
  tenantWithUser,
  terminate,
} from './shared-database.ts'

const failing = (tx: TenantTx) => tx.execute(sql`select 1 / 0`)
const nameOf = async (tx: TenantTx, id: string) =>
  (await tx.select({ name: users.name }).from(users).where(eq(users.id, id)))[0]?.name

describe('a savepoint', () => {
  test('keeps what its work did', async () => {
    const tenant = newTenant()
    const id = await withTenant(tenant, () => db.write((tx) => tx.transaction((inner) => addUser(inner))))
    expect(id).toBeString()
    expect(await countUsers(tenant)).toBe(1)
  })

  test('that fails takes back what its work did, and the transaction goes on', async () => {
    const tenant = newTenant()
    await withTenant(tenant, () =>
      db.write(async (tx) => {
        await addUser(tx)
        const error = await failureOf(tx.transaction(async (inner) => [await addUser(inner), await failing(inner)]))
        expect(findDatabaseError(error)?.sqlstate).toBe('22012')
        await addUser(tx)
      }),
    )
    expect(await countUsers(tenant)).toBe(2)
  })

  test('that throws takes back what its work did', async () => {
    const tenant = newTenant()
    const reason = new Error('no')
    const work = async (inner: TenantTx) => {
      await addUser(inner)
      throw reason
    }
    await withTenant(tenant, () =>
      db.write(async (tx) => {
        expect(await failureOf(tx.transaction(work))).toBe(reason)
      }),
    )
    expect(await countUsers(tenant)).toBe(0)
  })

  test('whose failure is not caught rolls back the transaction', async () => {
    const tenant = newTenant()
    const work = async (tx: TenantTx) => [await addUser(tx), await tx.transaction(failing)]
    const error = await withTenant(tenant, () => failureOf(db.write(work)))
    expect(findDatabaseError(error)?.sqlstate).toBe('22012')
    expect(await countUsers(tenant)).toBe(0)
  })

  test('fails with the failure of a query that its work caught', async () => {
    const tenant = newTenant()
    await withTenant(tenant, () =>
      db.write(async (tx) => {
        const caught = tx.transaction(async (inner) => [await addUser(inner), await failing(inner).catch(() => {})])
        expect(findDatabaseError(await failureOf(caught))?.sqlstate).toBe('22012')
      }),
    )
    expect(await countUsers(tenant)).toBe(0)
  })

  test('in a savepoint takes back its own work only', async () => {
    const tenant = newTenant()
    await withTenant(tenant, () =>
      db.write((tx) =>
        tx.transaction(async (outer) => {
          await addUser(outer)
          await outer.transaction(async (inner) => [await addUser(inner), await failing(inner)]).catch(() => {})
          await outer.transaction((inner) => addUser(inner))
        }),
      ),
    )
    expect(await countUsers(tenant)).toBe(2)
  })

  test('that contains a released one takes back the work of both', async () => {
    const tenant = newTenant()
    await withTenant(tenant, () =>
      db.write(async (tx) => {
        const work = async (outer: TenantTx) => {
          await outer.transaction((inner) => addUser(inner))
          throw new Error('no')
        }
        await tx.transaction(work).catch(() => {})
        await addUser(tx)
      }),
    )
    expect(await countUsers(tenant)).toBe(1)
  })

  test('follows others in one transaction, however many', async () => {
    const tenant = newTenant()
    const failed: number[] = []
    const addUsers = async (inner: TenantTx) => void (await addUser(inner))
    await withTenant(tenant, () =>
      db.write(async (tx) => {
        for (let n = 0; n < 50; n += 1)
          await tx.transaction<unknown>(n % 2 === 0 ? addUsers : failing).catch(() => failed.push(n))
      }),
    )
    expect([failed.length, await countUsers(tenant)]).toEqual([25, 25])
  })

  test('can be read only work', async () => {
    const { tenant, userId } = await tenantWithUser(db)
    const name = await withTenant(tenant, () => db.read((tx) => tx.transaction((inner) => nameOf(inner, userId))))
    expect(name).toBe('Ada')
  })
})

describe('the statements of a savepoint', () => {
  test('take one round trip with its queries, and none to begin and to end', async () => {
    await using proxy = await openCountingProxy(main.appUrl)
    await using database = openDatabase({ url: proxy.url })
    const { tenant } = await tenantWithUser(database)
    const insert = (tx: TenantTx) => tx.insert(users).values({ email: `${crypto.randomUUID()}@a.example`, name: 'A' })
    const work = async (tx: TenantTx) => {
      await tx.transaction((inner) => [insert(inner), insert(inner)])
      await tx.transaction(insert)
    }
    expect(await proxy.within(9, () => withTenant(tenant, () => database.write(work)))).toBe(3) // the third is COMMIT
    expect(await countUsers(tenant)).toBe(4)
  })

  test('are not sent for work without queries', async () => {
    await using database = openDatabase()
    await withTenant(newTenant(), () => database.write((tx) => tx.transaction(async () => {})))
    await withTenant(newTenant(), () =>
      database.write((tx) => tx.transaction(async () => expect.unreachable()).catch(() => {})),
    )
    expect(database.sent).toEqual([])
  })

  test('are refused from the work', async () => {
    for (const text of ['savepoint rowhouse_1', 'release savepoint rowhouse_1', 'rollback to savepoint rowhouse_1']) {
      const work = (tx: TenantTx) => tx.transaction((inner) => inner.execute(sql.raw(text)))
      expect(await withTenant(newTenant(), () => failureOf(db.write(work)))).toBeInstanceOf(TransactionMisuse)
    }
  })
})

describe('the transaction of a savepoint', () => {
  test('throws after it, before anything is sent', async () => {
    await using database = openDatabase()
    const tenant = newTenant()
    let escaped: TenantTx | undefined
    await withTenant(tenant, () =>
      database.write(async (tx) => {
        await tx.transaction(async (inner) => {
          escaped = inner
          await addUser(inner)
        })
        const late = escaped ?? expect.unreachable()
        const attempts = [late.execute(sql`select 'late'`), late.transaction((inner) => addUser(inner))]
        for (const attempt of attempts) expect(await failureOf(attempt)).toBeInstanceOf(TransactionMisuse)
        expect(() => late.rollback()).toThrow(TransactionMisuse)
        expect(() => late.afterCommit(() => {})).toThrow(TransactionMisuse)
        expect(() => late.stream(tx.select().from(users))).toThrow(TransactionMisuse)
      }),
    )
    expect(database.sent).not.toContain(`select 'late'`)
    expect(await countUsers(tenant)).toBe(1)
  })

  test('throws after the transaction, in the transaction of another tenant too', async () => {
    await using database = openDatabase()
    const b = await tenantWithUser(database)
    let escaped: TenantTx | undefined
    await withTenant(newTenant(), () =>
      database.write((tx) =>
        tx.transaction(async (inner) => {
          escaped = inner
          await addUser(inner)
        }),
      ),
    )
    const late = escaped ?? expect.unreachable()
    await withTenant(b.tenant, () =>
      database.write(async (tx) => {
        await addUser(tx)
        expect(await failureOf(late.select().from(users).execute())).toBeInstanceOf(TransactionMisuse)
      }),
    )
    expect(await failureOf(late.select().from(users).execute())).toBeInstanceOf(TransactionMisuse)
  })

  test('is the only usable one while its savepoint is open', async () => {
    const tenant = newTenant()
    await withTenant(tenant, () =>
      db.write(async (tx) => {
        await tx.transaction(async (inner) => {
          const attempts = [addUser(tx), tx.transaction((other) => addUser(other))]
          for (const attempt of attempts) expect(await failureOf(attempt)).toBeInstanceOf(TransactionMisuse)
          expect(() => tx.rollback()).toThrow(TransactionMisuse)
          await addUser(inner)
        })
        await addUser(tx)
      }),
    )
    expect(await countUsers(tenant)).toBe(2)
  })

  test('is refused for another tenant and another actor', async () => {
    const { tenant } = await tenantWithUser(db)
    const work = (tx: TenantTx) =>
      tx.transaction(async (inner) => {
        for (const [id, actor] of [
          [newTenant(), undefined],
          [tenant, 'bob'],
        ] as const)
          expect(await withTenant(id, () => failureOf(addUser(inner)), { actor })).toBeInstanceOf(TransactionMisuse)
      })
    await withTenant(tenant, () => db.write(work))
  })

  test('does not end before queries that were started outside', async () => {
    const tenant = newTenant()
    await withTenant(tenant, () =>
      db.write(async (tx) => {
        const before = tx.insert(users).values({ email: newTenant(), name: 'Ada' }).execute()
        await tx.transaction(failing).catch(() => {})
        await before
      }),
    )
    expect(await countUsers(tenant)).toBe(1)
  })

  test.each([
    ['a query', (tx: TenantTx) => void addUser(tx).catch(() => {})],
    ['a prepared query', (tx: TenantTx) => void prepared([], (one) => one.select().from(users))(tx, {})],
    ['a savepoint in it', (tx: TenantTx) => void tx.transaction((inner) => addUser(inner)).catch(() => {})],
    ['a call that joined it', () => void db.write((tx) => addUser(tx)).catch(() => {})],
  ])('fails when its work forgets %s', async (_what, forget) => {
    const tenant = newTenant()
    await withTenant(tenant, () =>
      db.write(async (tx) => {
        expect(await failureOf(tx.transaction(async (inner) => forget(inner)))).toBeInstanceOf(TransactionMisuse)
        await addUser(tx)
      }),
    )
    expect(await countUsers(tenant)).toBe(1)
  })

  test('fails the transaction that does not await it', async () => {
    const tenant = newTenant()
    const [begun, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const settled: Promise<unknown>[] = []
    const work = async (tx: TenantTx) => {
      const forgotten = tx.transaction(async (inner) => {
        await addUser(inner)
        begun.resolve()
        await ended.promise
        await addUser(inner)
      })
      settled.push(failureOf(forgotten))
      await begun.promise
    }
    expect(await withTenant(tenant, () => failureOf(db.write(work)))).toBeInstanceOf(TransactionMisuse)
    ended.resolve()
    expect(await settled[0]).toBeInstanceOf(TransactionMisuse)
    expect(await countUsers(tenant)).toBe(0)
  })
})

describe('a call of db.read or db.write in a savepoint', () => {
  test('joins it, and is taken back with it', async () => {
    await using database = openDatabase()
    const tenant = newTenant()
    await withTenant(tenant, () =>
      database.write(async (tx) => {
        await tx
          .transaction(async () => {
            await database.write((inner) => addUser(inner))
            expect(await database.read((inner) => inner.$count(users))).toBe(1)
            throw new Error('no')
          })
          .catch(() => {})
        expect(await database.read((inner) => inner.$count(users))).toBe(0)
      }),
    )
  })

  test('that fails takes back the savepoint, even if its work catches the error', async () => {
    const tenant = newTenant()
    await withTenant(tenant, () =>
      db.write(async (tx) => {
        const work = async (inner: TenantTx) => [await addUser(inner), await db.write(failing).catch(() => {})]
        expect(findDatabaseError(await failureOf(tx.transaction(work)))?.sqlstate).toBe('22012')
        await addUser(tx)
      }),
    )
    expect(await countUsers(tenant)).toBe(1)
  })

  test('from outside of its work is refused while it is open', async () => {
    const tenant = newTenant()
    const isOpen = gate(2)
    const work = async (tx: TenantTx) => {
      const outside = isOpen().then(() => db.write((inner) => addUser(inner)))
      const savepoint = tx.transaction(async (inner) => {
        await addUser(inner)
        await isOpen()
        expect(await failureOf(outside)).toBeInstanceOf(TransactionMisuse)
      })
      await savepoint
    }
    expect(await withTenant(tenant, () => failureOf(db.write(work)))).toBeInstanceOf(TransactionMisuse)
    expect(await countUsers(tenant)).toBe(0)
  })

  test('of another database is a transaction of its own, which others join', async () => {
    await using other = openDatabase()
    const tenant = newTenant()
    const work = () =>
      other.write(async () => {
        await other.write((own) => addUser(own))
        await other.write((own) => own.transaction((inner) => addUser(inner)))
        return await backendOf(await other.read(async (own) => own))
      })
    await withTenant(tenant, () =>
      db.write(async (tx) => {
        const savepoint = tx.transaction(async (inner) => {
          expect(await work()).not.toBe(await backendOf(inner))
          inner.rollback()
        })
        expect(await failureOf(savepoint)).toBeInstanceOf(TransactionRollbackError)
      }),
    )
    expect(await countUsers(tenant)).toBe(2)
  })
})

describe('what a savepoint cannot take back', () => {
  test('is a lost connection, which fails the transaction', async () => {
    const tenant = newTenant()
    const work = async (tx: TenantTx) => {
      await addUser(tx)
      await tx
        .transaction(async (inner) => terminate(await backendOf(inner)).then(() => addUser(inner)))
        .catch(() => {})
    }
    expect(await withTenant(tenant, () => failureOf(db.write(work)))).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    expect(await countUsers(tenant)).toBe(0)
  })

  test('is what PostgreSQL does not roll back, which fails the transaction', async () => {
    const rewrite = (text: string) => (text.startsWith('rollback to') ? 'select 1' : text)
    await using database = openDatabase({}, { rewrite })
    const tenant = newTenant()
    const work = async (tx: TenantTx) => {
      await tx.transaction(async (inner) => [await addUser(inner), await failing(inner)]).catch(() => {})
    }
    const error = await withTenant(tenant, () => failureOf(database.write(work)))
    expect(findDatabaseError(error)?.sqlstate).toBe('25P02') // the transaction is still aborted
    expect(await countUsers(tenant)).toBe(0)
  })

  test('is the beginning of its transaction, whose error fails the transaction', async () => {
    const violations: string[] = []
    const rewrite = (text: string) => (setsTenant(text) ? text.replace('select ', 'select no_such_column, ') : text)
    const onProtocolViolation = ({ what }: { what: string }) => violations.push(what)
    await using database = openDatabaseWith({ onProtocolViolation }, { url: main.appUrl }, { rewrite })
    const work = async (tx: TenantTx) => {
      await failureOf(tx.transaction((inner) => addUser(inner)))
      await addUser(tx)
    }
    const error = await withTenant(newTenant(), () => failureOf(database.write(work)))
    expect(findDatabaseError(error)?.sqlstate).toBe('42703')
    expect(violations).toEqual([])
  })

  test('is a changed tenant, which fails the transaction', async () => {
    const b = await tenantWithUser(db)
    const set = sql`select set_config('app.current_tenant', ${b.tenant}, true)`
    const tenant = newTenant()
    const seen: unknown[] = []
    const work = async (tx: TenantTx) => {
      await tx.transaction((inner) => inner.execute(set)).catch(() => {})
      seen.push(await tx.select().from(users))
    }
    expect(await withTenant(tenant, () => failureOf(db.write(work)))).toBeInstanceOf(TransactionMisuse)
    expect(seen).toEqual([])
  })
})

test('the tenant is the same after a savepoint was taken back, whatever its failed message did', async () => {
  const [a, b] = [await tenantWithUser(db), await tenantWithUser(db)]
  const both = sql`select set_config('app.current_tenant', ${b.tenant}, false), 1 / (length(set_config('app.actor', 'eve', true)) - 3)`
  const found = await withTenant(a.tenant, () =>
    db.write(async (tx) => {
      await tx.transaction((inner) => inner.execute(both)).catch(() => {})
      return await tx.select({ id: users.id, actor: sql`current_setting('app.actor', true)` }).from(users)
    }),
  )
  expect(found).toEqual([{ id: a.userId, actor: '' }])
})

describe('rollback()', () => {
  test("rolls back the transaction, which rejects with Drizzle's error", async () => {
    const tenant = newTenant()
    const work = async (tx: TenantTx) => {
      await addUser(tx)
      tx.rollback()
    }
    expect(await withTenant(tenant, () => failureOf(db.write(work)))).toBeInstanceOf(TransactionRollbackError)
    expect(await countUsers(tenant)).toBe(0)
  })

  test('rolls back the transaction although its work catches the error', async () => {
    const tenant = newTenant()
    const work = async (tx: TenantTx) => {
      await addUser(tx)
      expect(() => tx.rollback()).toThrow(TransactionRollbackError)
    }
    expect(await withTenant(tenant, () => failureOf(db.write(work)))).toBeInstanceOf(TransactionRollbackError)
    expect(await countUsers(tenant)).toBe(0)
  })

  test('in a savepoint rolls back the savepoint only', async () => {
    const tenant = newTenant()
    await withTenant(tenant, () =>
      db.write(async (tx) => {
        await addUser(tx)
        const work = async (inner: TenantTx) => [await addUser(inner), inner.rollback()]
        expect(await failureOf(tx.transaction(work))).toBeInstanceOf(TransactionRollbackError)
      }),
    )
    expect(await countUsers(tenant)).toBe(1)
  })
})
