import { describe, expect, test } from 'bun:test'
import { users } from '../../db/schema/users.ts'
import {
  type ConnectionSource,
  createPool,
  createTenantDatabase,
  prepared,
  TenantNotConfirmed,
} from '../../src/database/index.ts'
import { main } from '../database.ts'
import { directUrl } from '../faults/recovery.ts'
import { newTenant, tenantIds, withTenant } from '../tenants.ts'
import { countUsers, failureOf, gate, tenantWithUser } from './shared-database.ts'
import { openWireProxy } from './wire-proxy.ts'

type SendWhole = NonNullable<ConnectionSource['sendWhole']>
type WholeReply = Awaited<ReturnType<SendWhole>>

const namesOfUsers = prepared([], (tx) => tx.select({ name: users.name }).from(users))
const newUser = prepared(['email'], (tx, { email }) => tx.insert(users).values({ email, name: 'Ada' }))

describe('a pool that sends transactions side by side', () => {
  const whole = (...texts: string[]) => ({
    holder: undefined,
    text: texts.join(),
    isWrite: false,
    statements: () => texts.map((text) => ({ text, parameters: [] })),
    isConfirmed: () => true,
  })
  const pid = whole('select pg_backend_pid()')
  const pidOf = ({ results }: WholeReply) => results[0]?.rows[0]?.[0]

  function open() {
    const pool = createPool({ url: main.appUrl, size: 1 })
    return { ...pool, sendWhole: pool.sendWhole ?? expect.unreachable() }
  }

  test.each([
    { what: 'that is inside of a transaction', texts: ['begin'] },
    { what: 'that is inside of a failed transaction', texts: ['begin', 'select 1 / 0'] },
    { what: 'with an alarming notice', texts: ['commit'] },
  ])('never uses a connection again $what', async ({ texts }) => {
    const pool = open()
    const first = pidOf(await pool.sendWhole(pid))
    const { status, fault } = await pool.sendWhole(whole(...texts))
    expect(status !== 'idle' || fault !== undefined).toBe(true)
    const reply = await pool.sendWhole(pid)
    expect(reply).toMatchObject({ status: 'idle', fault: undefined, error: undefined })
    expect(pidOf(reply)).not.toBe(first)
    await pool.close()
  })

  test('uses a connection again after an error', async () => {
    const pool = open()
    const first = pidOf(await pool.sendWhole(pid))
    expect((await pool.sendWhole(whole('select 1 / 0'))).error).toMatchObject({ code: '22012' })
    expect(pidOf(await pool.sendWhole(pid))).toBe(first)
    await pool.close()
  })
})

/** A tenant database whose replies to transactions of one message are changed, once it is armed. */
function openTampered(change: (reply: Promise<WholeReply>) => Promise<WholeReply>) {
  const pool = createPool({ url: main.appUrl, size: 1 })
  const send = pool.sendWhole ?? expect.unreachable()
  const violations: string[] = []
  const tampering = { isArmed: false }
  const sendWhole: SendWhole = async (transaction) => {
    const reply = send(transaction)
    return tampering.isArmed ? await change(reply) : await reply
  }
  const db = createTenantDatabase({
    connections: { ...pool, sendWhole },
    onProtocolViolation: ({ what }) => violations.push(what),
    ...tenantIds,
  })
  return Object.assign(db, { pool, violations, tampering, [Symbol.asyncDispose]: () => db.close() })
}

describe('a transaction that is sent side by side', () => {
  const foreign = newTenant()
  test.each([
    ['another tenant', () => [[foreign, '']]],
    ['no tenant', () => [['', '']]],
    ['null', () => [[null, null]]],
    ['no row', () => []],
  ])('gives no row when PostgreSQL confirms %s, and closes its connection', async (_what, rows: () => unknown[][]) => {
    await using db = openTampered(async (reply) => {
      const { results, ...rest } = await reply
      const [set, ...others] = results
      return { ...rest, results: set ? [{ ...set, rows: rows() }, ...others] : others, close: rest.close }
    })
    const { tenant } = await tenantWithUser(db)
    db.tampering.isArmed = true
    const failure = await withTenant(tenant, () => failureOf(db.read((tx) => namesOfUsers(tx, {}))))
    expect(failure).toBeInstanceOf(TenantNotConfirmed)
    expect(db.violations).toHaveLength(1)
    expect(db.pool.numbers).toMatchObject({ busy: 0, waiting: 0 })
  })

  test('writes no row when PostgreSQL does not set its tenant', async () => {
    const other = newTenant()
    const pool = createPool({ url: main.appUrl, size: 1 })
    const send = pool.sendWhole ?? expect.unreachable()
    let isWrong = false
    const rewritten = (text: string) =>
      text.replace(`'app.current_tenant', $1`, `'app.current_tenant', left($1, 0) || '${other}'`)
    const sendWhole: SendWhole = (transaction) => {
      const { statements } = transaction
      const wrong = () => statements().map((one) => ({ ...one, text: rewritten(one.text) }))
      return send(isWrong ? { ...transaction, statements: wrong } : transaction)
    }
    const db = createTenantDatabase({ connections: { ...pool, sendWhole }, ...tenantIds })
    const { tenant } = await tenantWithUser(db)
    isWrong = true
    const write = () => db.write((tx) => newUser(tx, { email: `${newTenant()}@rowhouse.example` }))
    expect(await withTenant(tenant, () => failureOf(write()))).toBeInstanceOf(TenantNotConfirmed)
    expect([await countUsers(tenant), await countUsers(other)]).toEqual([1, 0])
    await db.close()
  })

  test('gives no row of another one whose reply it gets', async () => {
    const replies: WholeReply[] = []
    const both = gate(2)
    await using db = openTampered(async (pending) => {
      const reply = await pending
      replies.push(reply)
      await both()
      return replies.find((other) => other !== reply) ?? expect.unreachable()
    })
    const tenants = [await tenantWithUser(db), await tenantWithUser(db)]
    db.tampering.isArmed = true
    const failures = tenants.map(({ tenant }) =>
      withTenant(tenant, () => failureOf(db.read((tx) => namesOfUsers(tx, {})))),
    )
    for (const failure of await Promise.all(failures)) expect(failure).toBeInstanceOf(TenantNotConfirmed)
    expect(db.violations).toHaveLength(2)
  })

  test.each(['transaction', 'failed'] as const)(
    'does not succeed when its connection is in status %s',
    async (status) => {
      await using db = openTampered(async (reply) => ({ ...(await reply), status }))
      const { tenant } = await tenantWithUser(db)
      db.tampering.isArmed = true
      const write = () => db.write((tx) => newUser(tx, { email: `${newTenant()}@rowhouse.example` }))
      expect(String(await withTenant(tenant, () => failureOf(write())))).toContain('a transaction was open')
      expect(db.violations).toHaveLength(1)
      expect(await countUsers(tenant)).toBe(2) // PostgreSQL committed: only the reply was changed
    },
  )

  test('that is not confirmed closes its connection before one that waits gets it', async () => {
    await using proxy = await openWireProxy(directUrl())
    const db = createTenantDatabase({ connections: createPool({ url: proxy.url, size: 1 }), ...tenantIds })
    const [first, second] = [await tenantWithUser(db), await tenantWithUser(db)]
    const read = ({ tenant }: typeof first) => withTenant(tenant, () => db.read((tx) => namesOfUsers(tx, {})))
    for (let use = 0; use < 3; use += 1) await read(first)
    proxy.split = (bytes) => [Buffer.from(bytes.toString('latin1').replaceAll(first.tenant, newTenant()), 'latin1')]
    // Nothing follows a write, so the second one is sent when the reply to the first one has arrived.
    const write = withTenant(first.tenant, () =>
      failureOf(db.write((tx) => newUser(tx, { email: `${newTenant()}@rowhouse.example` }))),
    )
    expect(await read(second)).toEqual([{ name: 'Ada' }])
    expect(await write).toBeInstanceOf(TenantNotConfirmed)
    await db.close()
  })
})
