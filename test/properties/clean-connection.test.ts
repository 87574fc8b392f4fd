import { afterAll, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { users } from '../../db/schema/users.ts'
import {
  createPool,
  createTenantDatabase,
  createTenantSigner,
  prepared,
  type TenantTx,
} from '../../src/database/index.ts'
import { migrate } from '../../src/migrate/index.ts'
import {
  addCarelessFunction,
  allowed,
  byFunction,
  nothingLeft,
  preparing,
  refused,
  stateOf,
} from '../database/session-state.ts'
import { addUser } from '../database/shared-database.ts'
import { createDatabase } from '../database.ts'
import { newTenant, project, tenantIds, withTenant } from '../tenants.ts'
import { timeoutMs, tries } from './settings.ts'

const secret = 'the secret of this test, which has 40 ch'
const database = await createDatabase()
await migrate({ ...project, url: database.ownerUrl, signingSecrets: [secret] })
await addCarelessFunction(database)
const db = createTenantDatabase({
  connections: createPool({ url: database.appUrl, size: 1 }),
  signer: createTenantSigner(secret),
  ...tenantIds,
})
afterAll(() => db.close())

const namesOfUsers = prepared([], (tx) => tx.select({ name: users.name }).from(users))

/** What the attacker does in one transaction: texts one after the other or together, then it commits or fails. */
const attack = fc.record({
  mode: fc.constantFrom('read' as const, 'write' as const),
  texts: fc.array(fc.constantFrom(...refused, ...allowed, ...preparing, byFunction('deallocate all')), {
    minLength: 1,
    maxLength: 3,
  }),
  sending: fc.constantFrom('awaited' as const, 'together' as const, 'returned' as const),
  fails: fc.boolean(),
})
type Attack = typeof attack extends fc.Arbitrary<infer T> ? T : never

async function perform(tx: TenantTx, { texts, sending, fails }: Attack): Promise<void> {
  const run = async (text: string) => void (await tx.execute(sql.raw(text)))
  if (sending === 'together') await Promise.all(texts.map(run))
  else for (const text of texts) await run(text)
  if (fails) throw new Error('the work failed')
}

/** What the victim sees on the same connection. */
async function look(tx: TenantTx) {
  const names = (await namesOfUsers(tx, {})).map(({ name }) => name)
  return { names, state: await stateOf(tx) }
}

test(
  'whatever a tenant does to its session, the next tenant of the connection finds a clean one, and none of its statements fails',
  async () => {
    const [attacker, victim] = [newTenant(), newTenant()]
    await withTenant(victim, () => db.write((tx) => addUser(tx, 'Victoria')))
    const seen = { names: ['Victoria'], state: nothingLeft }
    await fc.assert(
      // Each run is an attack and two transactions of the victim: 300 transactions, and 1,500 with DEEP=1.
      fc.asyncProperty(attack, fc.constantFrom('read' as const, 'write' as const), async (given, mode) => {
        const returns = (tx: TenantTx) => given.texts.map((text) => tx.execute(sql.raw(text)))
        const attack = () =>
          given.sending === 'returned' ? db[given.mode](returns) : db[given.mode]((tx) => perform(tx, given))
        await withTenant(attacker, async () => void (await attack())).catch(() => {})
        expect(await withTenant(victim, () => db[mode]((tx) => namesOfUsers(tx, {})))).toEqual([{ name: 'Victoria' }])
        expect(await withTenant(victim, () => db[mode](look))).toEqual(seen)
      }),
      tries(100),
    )
  },
  timeoutMs,
)
