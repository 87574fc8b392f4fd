import { afterAll, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { users } from '../../db/schema/users.ts'
import { withTenant } from '../../src/context/index.ts'
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
import { createDatabase, newTenant } from '../database.ts'
import { timeoutMs, tries } from './settings.ts'

const secret = 'the secret of this test, which has 40 ch'
const database = await createDatabase()
await migrate({ url: database.ownerUrl, signingSecrets: [secret] })
await addCarelessFunction(database)
const db = createTenantDatabase({
  connections: createPool({ url: database.appUrl, size: 1 }),
  signer: createTenantSigner(secret),
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
  together: fc.boolean(),
  fails: fc.boolean(),
})
type Attack = typeof attack extends fc.Arbitrary<infer T> ? T : never

async function perform(tx: TenantTx, { texts, together, fails }: Attack): Promise<void> {
  const run = async (text: string) => void (await tx.execute(sql.raw(text)))
  if (together) await Promise.all(texts.map(run))
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
      // Each run is an attack and a transaction of the victim: 200 transactions, and 2,000 with DEEP=1.
      fc.asyncProperty(attack, fc.constantFrom('read' as const, 'write' as const), async (given, mode) => {
        await withTenant(attacker, () => db[given.mode]((tx) => perform(tx, given))).catch(() => {})
        expect(await withTenant(victim, () => db[mode](look))).toEqual(seen)
      }),
      tries(100),
    )
  },
  timeoutMs,
)
