import { describe, expect, test } from 'bun:test'
import {
  type Connection,
  createReplica,
  createTenantDatabase,
  type StatementResult,
  TenantNotConfirmed,
} from '../../src/database/index.ts'
import { main } from '../database.ts'
import { newTenant, tenantIds, withTenant } from '../tenants.ts'
import { addUser, backendOf, countUsers, failureOf, setsTenant } from './shared-database.ts'
import { watchedPool } from './watched-pool.ts'

const failing: [string, () => unknown][] = [
  [
    'throws',
    () => {
      throw new Error('The listener failed')
    },
  ],
  ['rejects', () => Promise.reject(new Error('The listener failed'))],
]

/** A tenant database with one connection, whose first transaction gets a false confirmation of its tenant. */
function openUnconfirmed(listener: (connection: Connection | undefined) => unknown) {
  let isFirst = true
  let used: Connection | undefined
  const connections = watchedPool(
    { url: main.appUrl },
    {
      before: (_text, connection) => (used = connection),
      answer: (text, given: StatementResult) => {
        if (!isFirst || !setsTenant(text)) return given
        isFirst = false
        return { ...given, rows: [] }
      },
    },
  )
  const db = createTenantDatabase({ connections, onProtocolViolation: () => listener(used), ...tenantIds })
  return Object.assign(db, { [Symbol.asyncDispose]: () => db.close() })
}

describe.each(failing)('a listener of protocol violations that %s', (_how, listener) => {
  test.each(['read', 'write'] as const)('leaves the first cause to the caller of db.%s', async (mode) => {
    await using db = openUnconfirmed(listener)
    const failure = await withTenant(newTenant(), () => failureOf(db[mode](backendOf)))
    expect(failure).toBeInstanceOf(TenantNotConfirmed)
  })

  test('leaves the next tenant’s write on that pool alone', async () => {
    await using db = openUnconfirmed(listener)
    await withTenant(newTenant(), () => failureOf(db.read(backendOf)))
    const tenant = newTenant()
    await withTenant(tenant, () => db.write((tx) => addUser(tx)))
    expect(await countUsers(tenant)).toBe(1)
  })

  test('fails no read whose rows were confirmed before', async () => {
    const connections = watchedPool(
      { url: main.appUrl },
      { before: (text, connection) => (text === 'commit' ? connection.command('rollback') : undefined) },
    )
    await using db = Object.assign(createTenantDatabase({ connections, onProtocolViolation: listener, ...tenantIds }), {
      [Symbol.asyncDispose]: () => connections.close(),
    })
    expect(await withTenant(newTenant(), () => db.read(backendOf))).toBeGreaterThan(0)
  })
})

test('a protocol violation is reported after its connection was closed', async () => {
  const faults: (string | undefined)[] = []
  await using db = openUnconfirmed((connection) => faults.push(connection?.fault))
  await withTenant(newTenant(), () => failureOf(db.write(backendOf)))
  expect(faults).toEqual(['closed'])
})

describe.each(failing)('a listener of the replica that %s', (_how, onChange) => {
  const replicaWith = (check: () => Promise<void>) =>
    createReplica({
      connections: watchedPool({ url: main.appUrl }),
      check,
      secret: 'a secret of this test, with 40 characters',
      onChange,
    })

  test('leaves the replica in use', async () => {
    const replica = replicaWith(async () => {})
    await replica.check()
    const tenantId = newTenant() as never // the id of newTenant() is canonical
    expect(replica.routeOf({ tenantId })).toBeDefined()
    await replica.close()
  })

  test('leaves the failure of the check to its caller', async () => {
    const replica = replicaWith(() => Promise.reject(new Error('The check failed')))
    expect(await failureOf(replica.check())).toMatchObject({ message: 'The check failed' })
    await replica.close()
  })
})
