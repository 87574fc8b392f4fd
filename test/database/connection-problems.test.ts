import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { createPool, createTenantDatabase } from '../../src/database/index.ts'
import { assertRowSecurity, createIsolationCheck } from '../../src/isolation/index.ts'
import { closeAfterwards, createBareDatabase } from '../database.ts'
import { directUrl } from '../faults/recovery.ts'
import { newTenant, tenantIds, withTenant } from '../tenants.ts'

/** What is wrong, the change of the URL, and what the message tells the operator. */
const problems: [string, Partial<URL>, RegExp][] = [
  ['a wrong password', { password: 'wrong' }, /password authentication failed .*\nCorrect the user or the password/],
  ['a role that does not exist', { username: 'nobody_here' }, /run "rowhouse migrate": it creates the role/],
  ['a database that does not exist', { pathname: '/nowhere' }, /"nowhere" does not exist\nCreate the database/],
  ['a refused connection', { port: '1' }, /ECONNREFUSED .*\nStart PostgreSQL, or correct the host and the port/],
]
/** A pooler has messages of its own. */
const urlWith = (change: Partial<URL>): string => Object.assign(new URL(directUrl()), change).href

/** The message that a call rejects with. */
const problemOf = async (call: () => Promise<unknown>): Promise<string> =>
  await call().then(
    () => 'no problem',
    (error: Error) => error.message,
  )

describe.each(problems)('%s', (_, change, message) => {
  test('is named with its remedy by the start-up check', async () => {
    const isolation = createIsolationCheck({ url: urlWith(change) })
    closeAfterwards(isolation)
    expect(await problemOf(() => isolation.inspect())).toMatch(message)
  })

  test('is named with its remedy by the first query of a pool', async () => {
    const db = createTenantDatabase({ connections: createPool({ url: urlWith(change), size: 1 }), ...tenantIds })
    closeAfterwards(db)
    const query = () => withTenant(newTenant(), () => db.read((tx) => tx.execute(sql`select 1`)))
    expect(await problemOf(query)).toMatch(message)
  })
})

test('a database that is not migrated is named with its remedy by the start-up check', async () => {
  const isolation = createIsolationCheck({ url: (await createBareDatabase()).appUrl })
  closeAfterwards(isolation)
  const findings = await isolation.inspect()
  expect(() => assertRowSecurity(findings)).toThrow('Create the tables with "rowhouse migrate"')
})
