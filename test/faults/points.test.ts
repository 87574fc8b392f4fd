import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { users } from '../../db/schema/users.ts'
import { runInContext } from '../../src/context/context.ts'
import { mapped, prepared, type TenantTx } from '../../src/database/index.ts'
import { ApiError, findDatabaseError } from '../../src/errors/index.ts'
import { addUser, countUsers, openDatabase } from '../database/shared-database.ts'
import { contextOf, newTenant, withTenant } from '../tenants.ts'
import { type ConnectionFault, connectionFaultNames, connectionFaults } from './faults.ts'
import { type Moment, openProxy } from './proxy.ts'
import { directUrl, retry, sessionsToEnd } from './recovery.ts'
import type { Phase } from './wire.ts'

setDefaultTimeout(20_000)

const insert = prepared(['email'], (tx, { email }) => tx.insert(users).values({ email, name: 'Ada' }))
const returned = (tx: TenantTx) => insert(tx, { email: `${crypto.randomUUID()}@rowhouse.example` })
const kindsOfWork: [string, (tx: TenantTx) => PromiseLike<unknown>][] = [
  ['awaits', (tx) => addUser(tx)],
  ['returns a query', returned],
  ['returns two queries', (tx) => mapped([returned(tx), tx.$count(users)], () => {})],
]

/** One kind in `verify`, all of them with DEEP=1, since each fault takes its time. */
const works = process.env.DEEP ? kindsOfWork : kindsOfWork.slice(1, 2)

/** Writes a row on a pool of one with a fault at one point, then one without a fault. */
async function writeWith(fault: ConnectionFault, phase: Phase, moment: Moment, work = works[0]?.[1] ?? returned) {
  let injected = 0
  let isArmed = phase === 'connect'
  await using proxy = await openProxy(directUrl(), (...where) => {
    if (!isArmed || injected > 0 || where[0] !== phase || where[1] !== moment) return undefined
    injected += 1
    return connectionFaults[fault]
  })
  const timeouts = fault === 'freeze' ? { answerTimeoutMs: 250, connectTimeoutMs: 250 } : {}
  await using db = openDatabase({ url: proxy.url, ...timeouts })
  // Not the first transaction, in whose message no COMMIT goes because it checks the login.
  if (!isArmed) await withTenant(newTenant(), () => db.write((tx) => tx.$count(users)))
  isArmed = true
  const context = contextOf(newTenant())
  const write = () => runInContext({ ...context, requestId: 'r-1' }, () => db.write(work))

  const error: unknown = await write().then(
    () => undefined,
    (error: unknown) => error,
  )
  const isCommitted = proxy.commits.has('r-1')
  const rows = await countUsers(context.tenantId)
  // The next call may detect a loss at the end of the first transaction; a further one must succeed.
  await retry(write)
  for (const link of proxy.links) if (link.isFrozen) link.cut()
  await sessionsToEnd(proxy)
  expect(injected).toBe(1)
  return { error, isCommitted, rows }
}

/** Whether the service answers 503: for a lost connection and for a canceled query. */
const isUnavailable = (error: unknown) =>
  (error instanceof ApiError && error.code === 'SERVICE_UNAVAILABLE') || findDatabaseError(error)?.sqlstate === '57014'

// One query is sent without BEGIN; the Sync of its message is the COMMIT.
const points = (['connect', 'begin', 'confirm', 'first query', 'commit'] as const)
  .flatMap((phase) => works.map(([name, work]) => [phase, name, work] as const))
  .filter(([phase, name]) => phase !== 'begin' || name !== 'returns a query')

describe.each(points)('around %s of work that %s', (phase, _name, work) => {
  test.each(connectionFaultNames)('%s: a success has its row, and an error is SERVICE_UNAVAILABLE', async (fault) => {
    const moments = ['request', 'response', 'complete'] as const
    const outcomes = moments.map(async (moment) => ({ moment, ...(await writeWith(fault, phase, moment, work)) }))
    for (const { moment, error, isCommitted, rows } of await Promise.all(outcomes)) {
      const outcome = { moment, error: error && String(error), isCommitted, rows }
      if (error === undefined) expect(outcome).toEqual({ ...outcome, isCommitted: true, rows: 1 })
      else expect({ ...outcome, isUnavailable: isUnavailable(error) }).toEqual({ ...outcome, isUnavailable: true })
      if (!isCommitted) expect(outcome).toEqual({ ...outcome, rows: 0 })
    }
  })
})

describe.each(works)('a commit whose connection is lost gets SERVICE_UNAVAILABLE, of work that %s', (name, work) => {
  test.each<ConnectionFault>(['cut', 'tear a message', 'freeze', 'pg_terminate_backend'])(
    'before PostgreSQL received it: %s',
    async (fault) => {
      const { error, rows } = await writeWith(fault, 'commit', 'request', work)
      expect([isUnavailable(error), rows]).toEqual([true, 0])
    },
  )

  const faults = ['cut', 'tear a message', 'freeze', 'half-close towards the client'] as const
  // The answer to the Sync is the last message: behind it, the end of the stream is no loss.
  test.each(faults.filter((fault) => name !== 'returns a query' || fault !== 'half-close towards the client'))(
    'after PostgreSQL executed it: %s',
    async (fault) => {
      const { error, rows } = await writeWith(fault, 'commit', 'response', work)
      expect([isUnavailable(error), rows]).toEqual([true, 1])
    },
  )
})

test('a fault without an effect on the commit fails no call', async () => {
  for (const fault of ['delay', 'pg_cancel_backend'] as const)
    expect(await writeWith(fault, 'commit', 'response')).toEqual({ error: undefined, isCommitted: true, rows: 1 })
})
