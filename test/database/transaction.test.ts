import { expect, test } from 'bun:test'
import {
  type Connection,
  type ConnectionSource,
  createPool,
  createTenantDatabase,
  type StatementResult,
} from '../../src/database/index.ts'
import { main } from '../database.ts'
import { newTenant, tenantIds, withTenant } from '../tenants.ts'
import { addUser, backendOf, failureOf } from './shared-database.ts'
import { nameOf } from './watched-pool.ts'

type CommandHook = (text: string, connection: Connection) => Promise<StatementResult>

/** A pool of one connection to the shared database, on which a test sends each command itself. */
function poolWith(command: CommandHook): ConnectionSource {
  const pool = createPool({ url: main.appUrl, size: 1 })
  const lent = new Map<Connection, Connection>()
  return {
    async acquire() {
      const connection = await pool.acquire()
      const hooked: Connection = {
        send: (statements, options) => connection.send(statements, options),
        command: (text) => command(text, connection),
        get status() {
          return connection.status
        },
        get fault() {
          return connection.fault
        },
        openedAt: connection.openedAt,
        close: () => connection.close(),
      }
      lent.set(hooked, connection)
      return hooked
    },
    release(hooked) {
      const connection = lent.get(hooked)
      if (connection) pool.release(connection)
    },
    close: () => pool.close(),
  }
}

const openDatabase = (command: CommandHook) => createTenantDatabase({ connections: poolWith(command), ...tenantIds })

test('a connection that is in a transaction after COMMIT never serves the next one', async () => {
  let isFirst = true
  const db = openDatabase(async (text, connection) => {
    const result = await connection.command(text)
    if (nameOf(text) === 'commit' && isFirst) {
      isFirst = false
      await connection.command('begin')
    }
    return result
  })
  const first = await withTenant(newTenant(), () => db.write(backendOf))
  const second = await withTenant(newTenant(), () => db.write(backendOf))
  await db.close()
  expect(second).not.toBe(first)
})

test('a connection whose ROLLBACK fails never serves the next transaction', async () => {
  const db = openDatabase((text, connection) =>
    nameOf(text) === 'rollback' ? Promise.reject(new Error('lost')) : connection.command(text),
  )
  const backends: number[] = []
  const fail = async () => {
    throw new Error('the work failed')
  }
  const failed = withTenant(newTenant(), () =>
    db.write(async (tx) => {
      backends.push(await backendOf(tx))
      await fail()
    }),
  )
  expect(await failureOf(failed)).toMatchObject({ message: 'the work failed' })
  backends.push(await withTenant(newTenant(), () => db.write(backendOf)))
  await db.close()
  expect(new Set(backends).size).toBe(2)
})

test('a COMMIT that was not sent is rolled back, and the connection serves the next transaction', async () => {
  const sent: string[] = []
  const db = openDatabase((text, connection) => {
    sent.push(nameOf(text))
    return nameOf(text) === 'commit' && sent.length === 1
      ? Promise.reject(new Error('not sent'))
      : connection.command(text)
  })
  const tenant = newTenant()
  expect(await failureOf(withTenant(tenant, () => db.write((tx) => addUser(tx))))).toMatchObject({
    message: 'not sent',
  })
  expect(sent).toEqual(['commit', 'rollback'])
  expect(await withTenant(tenant, () => db.read(async (tx) => (await tx.execute('select from users')).length))).toBe(0)
  await db.close()
})

test('a signer that throws costs no connection', async () => {
  let isBroken = true
  const signer = (tenantId: string) => {
    if (isBroken) throw new Error('no key')
    return tenantId
  }
  const db = createTenantDatabase({
    connections: createPool({ url: main.appUrl, size: 1, acquireTimeoutMs: 1000 }),
    signer,
    ...tenantIds,
  })
  expect(await failureOf(withTenant(newTenant(), () => db.read(backendOf)))).toMatchObject({ message: 'no key' })
  isBroken = false
  expect(await withTenant(newTenant(), () => db.read(backendOf))).toBeGreaterThan(0)
  await db.close()
})
