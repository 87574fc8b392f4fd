import { expect, setDefaultTimeout, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { users } from '../../../db/schema/users.ts'
import {
  type Connection,
  type StatementResult,
  TenantNotConfirmed,
  type TenantTx,
  TransactionMisuse,
} from '../../../src/database/index.ts'
import { newTenant, withTenant } from '../../tenants.ts'
import { failureOf, setsTenant } from '../shared-database.ts'
import { asTenant, inSession, openPair } from './open-pair.ts'
import { pair, placeOf } from './pair.ts'

setDefaultTimeout(30_000)

test('a read runs on the standby, a write on the primary', async () => {
  await using open = await openPair()
  expect(await asTenant(() => open.db.read(placeOf))).toBe('standby')
  expect(await asTenant(() => open.db.write(placeOf))).toBe('primary')
})

test('a read inside of a write joins it, on the primary', async () => {
  await using open = await openPair()
  expect(await asTenant(() => open.db.write(() => open.db.read(placeOf)))).toBe('primary')
})

test('a read after a write runs on the primary, in the same request or job', async () => {
  await using open = await openPair()
  const places = await asTenant(async () => {
    const before = await open.db.read(placeOf)
    await open.db.write(placeOf)
    return [before, await open.db.read(placeOf)]
  })
  expect(places).toEqual(['standby', 'primary'])
})

test('a tenant reads only its own rows on the standby, and without a tenant nothing is sent there', async () => {
  await using open = await openPair()
  const tenants = [newTenant(), newTenant()]
  for (const tenant of tenants) {
    const user = { email: `${tenant}@rowhouse.example`, name: 'Ada' }
    await withTenant(tenant, () => open.db.write((tx) => tx.insert(users).values(user)))
  }
  await pair.replayed()
  const emails = async (tx: TenantTx) => {
    expect(await placeOf(tx)).toBe('standby')
    return (await tx.select({ email: users.email }).from(users)).map(({ email }) => email)
  }
  const seen = await Promise.all(tenants.map((tenant) => withTenant(tenant, () => open.db.read(emails))))
  expect(seen).toEqual(tenants.map((tenant) => [`${tenant}@rowhouse.example`]))
  expect(await failureOf(open.db.read(emails))).toMatchObject({ name: 'TenantRequired' })
})

test('a connection to the standby is clean for the next read, and is used again', async () => {
  await using open = await openPair({ standbyPool: { size: 1 } })
  const look = (tx: TenantTx) =>
    tx.execute(
      sql`select pg_backend_pid() as backend, current_setting('my.plan', true) as plan, pg_is_in_recovery() as standby`,
    )
  const [before] = await asTenant(() => open.db.read(look))
  await asTenant(() => open.db.read((tx) => tx.execute(sql`select set_config('my.plan', 'enterprise', false)`)))
  const [after] = await asTenant(() => open.db.read(look))
  expect(after).toEqual({ backend: before?.backend, plan: '', standby: true })
})

test.each(['none', 'old'])('a read on the standby is READ ONLY and sees one snapshot (bookmark: %s)', async (sent) => {
  await using open = await openPair()
  const modesOf = (tx: TenantTx) =>
    tx.execute(sql`select current_setting('transaction_read_only') as access,
      current_setting('transaction_isolation') as isolation, pg_is_in_recovery() as "isStandby"`)
  const [row] = await inSession(sent, () => open.db.read(modesOf))
  expect(row).toEqual({ access: 'on', isolation: 'repeatable read', isStandby: true })
})

test.each(['none', 'old'])('the standby must confirm the tenant, or the call fails (bookmark: %s)', async (sent) => {
  const answer = (text: string, given: StatementResult) => (setsTenant(text) ? { ...given, rows: [] } : given)
  await using open = await openPair({ onStandby: { answer } })
  expect(await inSession(sent, () => failureOf(open.db.read(placeOf)))).toBeInstanceOf(TenantNotConfirmed)
})

test.each(['none', 'old'])('a handle of the standby is revoked with its transaction (bookmark: %s)', async (sent) => {
  await using open = await openPair()
  let escaped: TenantTx | undefined
  const read = async (tx: TenantTx) => {
    escaped = tx
    return await placeOf(tx)
  }
  expect(await inSession(sent, () => open.db.read(read))).toBe('standby')
  expect(escaped && (await failureOf(placeOf(escaped)))).toBeInstanceOf(TransactionMisuse)
})

test('a write that fails just before COMMIT is rolled back, and its connection stays usable', async () => {
  let backend: Connection | undefined
  const before = async (text: string, connection: Connection) => {
    if (!text.startsWith('select pg_current_xact_id')) return
    backend = connection
    await connection.command('select 1/0').catch(() => {})
  }
  await using open = await openPair({ onPrimary: { before } })
  const write = () => open.db.write((tx) => tx.insert(users).values({ email: 'ada@rowhouse.example', name: 'Ada' }))
  expect(await inSession('none', () => failureOf(write()))).toMatchObject({ code: '25P02' })
  expect([backend?.status, backend?.fault]).toEqual(['idle', undefined])
})
