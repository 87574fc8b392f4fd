import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { openDatabase } from '../database/shared-database.ts'
import { callerOf, newKey, newUser, serviceOn } from '../idempotency/caller.ts'
import { connectionFaults } from './faults.ts'
import { type Moment, openProxy } from './proxy.ts'
import { directUrl } from './recovery.ts'
import type { Phase } from './wire.ts'

setDefaultTimeout(20_000)

const moments = ['request', 'response', 'complete'] as const
/** One fault in `verify`, both with DEEP=1. */
const faults = (['cut', 'pg_terminate_backend'] as const).slice(0, process.env.DEEP ? 2 : 1)
// begin, the claim and the work; the stored answer and COMMIT.
const points = (['begin', 'confirm', 'first query', 'query', 'commit'] as const).flatMap((phase) =>
  moments.map((moment) => [phase, moment] as const),
)

/** Sends a request with a key until it is answered, with a fault at one point of the first attempt. */
async function answersWith(fault: 'cut' | 'pg_terminate_backend', phase: Phase, moment: Moment, nth: number) {
  let left = nth
  let isArmed = false
  await using proxy = await openProxy(directUrl(), (...where) => {
    if (!isArmed || where[0] !== phase || where[1] !== moment) return undefined
    left -= 1
    return left === 0 ? connectionFaults[fault] : undefined
  })
  await using db = openDatabase({ url: proxy.url, size: 2 })
  const caller = callerOf(undefined, serviceOn(db))
  await caller.client.get('/users') // the first transaction, which checks the login
  const request = { key: newKey(), body: newUser() }
  isArmed = true
  const answers = []
  while (answers.at(-1)?.status !== 201) answers.push(await caller.send('POST', '/users', request))
  const replay = await caller.send('POST', '/users', request)
  return {
    statuses: answers.map(({ status }) => status),
    users: await caller.users(),
    same: replay.data.id === answers.at(-1)?.data.id,
    wasInjected: left <= 0,
  }
}

describe.each(points)('a keyed request whose connection is lost at %s (%s)', (phase, moment) => {
  test.each(faults)('by %s leaves one row, and its key gets the same answer', async (fault) => {
    const { statuses, users, same, wasInjected } = await answersWith(fault, phase, moment, 1)
    expect({ users, same, wasInjected }).toEqual({ users: 1, same: true, wasInjected: true })
    for (const status of statuses.slice(0, -1)) expect([409, 503]).toContain(status)
  })
})
