import assert from 'node:assert/strict'
import { users } from '../../db/schema/users.ts'
import { withTenant } from '../../src/context/index.ts'
import { TransactionMisuse } from '../../src/database/index.ts'
import { type Escaped, leaks } from './escaped-handle-leaks.ts'
import { liveHandleCases } from './escaped-handle-live.ts'
import { releasedConnectionCases } from './escaped-handle-pool.ts'
import { failureOf, openWatchedDatabase, tenantWithUser } from './watched-pool.ts'

/** One case of guarantee G7, for any runtime: it throws when the promise is broken. */
export interface Case {
  name: string
  /** @param url of the database, as the serving role */
  run(url: string): Promise<void>
}

const modes = ['read', 'readAtOnce', 'write'] as const

/** A query with this handle is refused before it reaches the socket. */
async function assertRefused(escaped: Escaped | undefined): Promise<void> {
  assert.ok(escaped, 'Nothing escaped')
  assert.ok((await failureOf(escaped())) instanceof TransactionMisuse)
}

// A pool of one: the next transaction, of another tenant, is on the very connection that the handle knew.
const deadHandleCases: Case[] = leaks.flatMap(({ name, leak }) =>
  modes.map((mode) => ({
    name: `${name}, out of a ${mode}, is refused ever after`,
    async run(url) {
      await using door = openWatchedDatabase({ url })
      const [a, b] = [await tenantWithUser(door), await tenantWithUser(door)]
      let escaped: Escaped | undefined
      const work = withTenant(a.tenant, () => door[mode]((tx) => leak(tx, (found) => (escaped = found), door)))
      await work.catch(() => {})

      const sent = [...door.sent]
      await assertRefused(escaped)
      assert.deepEqual(door.sent, sent, 'It reached the socket')

      const seen = await withTenant(b.tenant, () =>
        door[mode](async (tx) => {
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
