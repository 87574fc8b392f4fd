import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { runInContext } from '../../src/context/context.ts'
import { parseTenantId } from '../../src/context/index.ts'
import type { TenantTx } from '../../src/database/index.ts'
import { ApiError, findDatabaseError } from '../../src/errors/index.ts'
import { addUser, countUsers, openDatabase } from '../database/shared-database.ts'
import { newTenant } from '../database.ts'
import { atLast, directUrl, sessionsToEnd } from './aftermath.ts'
import { type FaultName, faults } from './faults.ts'
import { type Moment, openProxy } from './proxy.ts'
import type { Phase } from './wire.ts'

setDefaultTimeout(20_000)

/** One transaction that writes a row, with a fault at one point, on a pool of one. Then one without. */
async function writeWith(fault: FaultName, phase: Phase, moment: Moment) {
  const ambush = { sprung: 0 }
  await using proxy = await openProxy(directUrl(), (...where) => {
    if (ambush.sprung > 0 || where[0] !== phase || where[1] !== moment) return undefined
    ambush.sprung += 1
    return faults[fault]
  })
  const patience = fault === 'freeze' ? { answerTimeoutMs: 250, connectTimeoutMs: 250 } : {}
  await using door = openDatabase({ url: proxy.url, ...patience })
  const tenantId = parseTenantId(newTenant()) ?? expect.unreachable()
  const write = () => runInContext({ tenantId, requestId: 'r-1' }, () => door.write((tx: TenantTx) => addUser(tx)))

  const error: unknown = await write().then(
    () => undefined,
    (error: unknown) => error,
  )
  const passed = proxy.commits.has('r-1')
  const rows = await countUsers(tenantId)
  // Where only its end was disturbed, the loss may come to light with the next call; then it is over.
  await atLast(write)
  for (const link of proxy.links) if (link.isFrozen) link.cut()
  await sessionsToEnd(proxy)
  expect(ambush.sprung).toBe(1)
  return { error, passed, rows }
}

/** As the service tells it: a lost connection, and a query that was cancelled, are 503. */
const isUnavailable = (error: unknown) =>
  (error instanceof ApiError && error.code === 'SERVICE_UNAVAILABLE') || findDatabaseError(error)?.sqlstate === '57014'
const names = Object.keys(faults) as FaultName[] // the keys are what its type says

describe.each<Phase>(['connect', 'begin', 'confirm', 'first query', 'commit'])('around %s', (phase) => {
  test.each(names)('%s leaves a row behind a success, and a failure is unavailable', async (fault) => {
    for (const moment of ['asked', 'answered', 'done'] as const) {
      const { error, passed, rows } = await writeWith(fault, phase, moment)
      const told = { fault, phase, moment, error: error && String(error), passed, rows }
      if (error === undefined) expect(told).toEqual({ ...told, passed: true, rows: 1 })
      else expect({ ...told, isUnavailable: isUnavailable(error) }).toEqual({ ...told, isUnavailable: true })
      if (!passed) expect(told).toEqual({ ...told, rows: 0 })
    }
  })
})

describe('a commit whose connection is lost is unavailable, whatever became of it', () => {
  test.each<FaultName>(['cut', 'tear a message', 'freeze', 'pg_terminate_backend'])(
    'before it arrived: %s',
    async (fault) => {
      const { error, rows } = await writeWith(fault, 'commit', 'asked')
      expect([isUnavailable(error), rows]).toEqual([true, 0])
    },
  )

  test.each<FaultName>(['cut', 'tear a message', 'freeze', 'half-close towards the client'])(
    'after it was done: %s',
    async (fault) => {
      const { error, rows } = await writeWith(fault, 'commit', 'answered')
      expect([isUnavailable(error), rows]).toEqual([true, 1])
    },
  )
})

test('a fault that nobody hears of costs nothing', async () => {
  for (const fault of ['delay', 'pg_cancel_backend'] as const)
    expect(await writeWith(fault, 'commit', 'answered')).toEqual({ error: undefined, passed: true, rows: 1 })
})
