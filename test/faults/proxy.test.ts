import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type Connection, openConnection } from '../../src/database/index.ts'
import { failureOf } from '../database/shared-database.ts'
import { connectionFaults } from './faults.ts'
import { type Fault, type Moment, openProxy } from './proxy.ts'
import { directUrl } from './recovery.ts'
import { faultKinds, faultPlan, scenariosOf } from './scenario.ts'
import { createSplitter, type Phase } from './wire.ts'

const message = fc
  .record({ type: fc.constantFrom('Q', 'P', 'B', 'Z'), body: fc.uint8Array({ maxLength: 40 }) })
  .map(({ type, body }) => {
    const bytes = Buffer.concat([Buffer.from(`${type}....`), body])
    bytes.writeUInt32BE(body.length + 4, 1)
    return bytes
  })

test('the splitter finds the messages wherever the network splits the stream', () => {
  fc.assert(
    fc.property(fc.array(message), fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (messages, lengths) => {
      const split = createSplitter('server')
      const stream = Buffer.concat(messages)
      const found: Buffer[] = []
      for (let at = 0; at < stream.length; ) {
        const length = lengths.next().value
        found.push(...split(stream.subarray(at, at + length)).map(({ bytes }) => bytes))
        at += length
      }
      expect(Buffer.concat(found)).toEqual(stream)
      expect(found.map(({ length }) => length)).toEqual(messages.map(({ length }) => length))
    }),
  )
})

test('a seed determines the faults and the transactions', () => {
  const runOf = (seed: number) => {
    const injected: string[] = []
    const plan = faultPlan(seed, 50, faultKinds, (fault) => injected.push(fault))
    for (let n = 0; n < 300; n += 1)
      for (const phase of ['begin', 'confirm', 'first query', 'commit'] satisfies Phase[])
        for (const moment of ['request', 'response', 'complete'] satisfies Moment[]) plan(phase, moment)
    return { injected, scenarios: scenariosOf(seed, 50, 30, faultKinds) }
  }
  expect(runOf(1)).toEqual(runOf(1))
  expect(runOf(1)).not.toEqual(runOf(2))
  expect(runOf(1).injected.length).toBeGreaterThan(10)
})

describe('the effect of a fault on a query', () => {
  /** Runs a query with a fault at one point, and reports whether PostgreSQL answered it. */
  async function run(fault: Fault, at: Moment, work: (connection: Connection, answered: Promise<void>) => unknown) {
    const answered = Promise.withResolvers<void>()
    let isAnswered = false
    await using proxy = await openProxy(directUrl(), (phase, moment) => {
      if (phase !== 'query') return undefined
      if (moment === 'response') {
        isAnswered = true
        answered.resolve()
      }
      return moment === at ? fault : undefined
    })
    const connection = openConnection({ url: proxy.url, answerTimeoutMs: 250 })
    await connection.command('begin')
    const outcome = await work(connection, answered.promise)
    await connection.close()
    return { outcome, isAnswered }
  }
  const query = (connection: Connection) => connection.command('select 1').then(({ command }) => command)

  test.each(['cut', 'tear a message', 'freeze'] as const)(
    '%s before the request: PostgreSQL does not get it',
    async (fault) => {
      const { outcome, isAnswered } = await run(connectionFaults[fault], 'request', (connection) =>
        failureOf(query(connection)),
      )
      expect(outcome).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
      expect(isAnswered).toBe(false)
    },
  )

  test.each(['cut', 'tear a message', 'freeze'] as const)(
    '%s before the response: the client does not get it',
    async (fault) => {
      const { outcome, isAnswered } = await run(connectionFaults[fault], 'response', (connection) =>
        failureOf(query(connection)),
      )
      expect(outcome).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
      expect(isAnswered).toBe(true)
    },
  )

  test('a half-close towards PostgreSQL passes the response on', async () => {
    const { outcome } = await run(connectionFaults['half-close towards the server'], 'request', query)
    expect(outcome).toBe('SELECT')
  })

  test('a half-close towards the client passes the request on', async () => {
    const { outcome } = await run(
      connectionFaults['half-close towards the client'],
      'request',
      async (connection, answered) => {
        const error = await failureOf(query(connection))
        await answered
        return error
      },
    )
    expect(outcome).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
  })

  test('a delay changes nothing', async () => {
    expect(await run(connectionFaults.delay, 'response', query)).toEqual({ outcome: 'SELECT', isAnswered: true })
  })
})
