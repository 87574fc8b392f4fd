import assert from 'node:assert/strict'
import { users } from '../../db/schema/users.ts'
import { TransactionMisuse } from '../../src/database/index.ts'
import { withTenant } from '../tenants.ts'
import { type Escaped, leaks } from './escaped-handle-leaks.ts'
import { liveHandleCases } from './escaped-handle-live.ts'
import { releasedConnectionCases } from './escaped-handle-pool.ts'
import { failureOf, openWatchedDatabase, tenantWithUser } from './watched-pool.ts'

/** One case of guarantee G7, for any runtime. It throws when the guarantee does not hold. */
export interface Case {
  name: string
  /** @param url of the database, as the serving role */
  run(url: string): Promise<void>
}

const modes = ['read', 'write'] as const

/** The query is rejected as misuse. */
async function assertRefused(escaped: Escaped | undefined): Promise<void> {
  assert.ok(escaped, 'The work kept no handle')
  assert.ok((await failureOf(escaped())) instanceof TransactionMisuse)
}

// With a pool of one, the next transaction, of another tenant, is on the connection of the escaped handle.
const deadHandleCases: Case[] = leaks.flatMap(({ name, leak }) =>
  modes.map((mode) => ({
    name: `${name}, out of a ${mode}, is rejected from then on`,
    async run(url) {
      await using db = openWatchedDatabase({ url })
      const [a, b] = [await tenantWithUser(db), await tenantWithUser(db)]
      let escaped: Escaped | undefined
      const work = withTenant(a.tenant, () => db[mode]((tx) => leak(tx, (found) => (escaped = found), db)))
      await work.catch(() => {})

      const sent = [...db.sent]
      await assertRefused(escaped)
      assert.deepEqual(db.sent, sent, 'The query reached the socket')

      const seen = await withTenant(b.tenant, () =>
        db[mode](async (tx) => {
          await assertRefused(escaped)
          await withTenant(a.tenant, () => assertRefused(escaped))
          return await tx.select({ id: users.id, tenant: users.tenantId, name: users.name }).from(users)
        }),
      )
      assert.deepEqual(seen, [{ id: b.userId, tenant: b.tenant, name: 'Ada' }])
    },
  })),
)

/** Every case of guarantee G7. */
export const escapedHandleCases: Case[] = [...deadHandleCases, ...liveHandleCases, ...releasedConnectionCases]
