import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type Connection, openConnection } from '../../src/database/index.ts'
import { failureOf } from '../database/shared-database.ts'
import { directUrl } from './aftermath.ts'
import { faults } from './faults.ts'
import { type Fault, type Moment, openProxy } from './proxy.ts'
import { ambushPlan, kinds, scenariosOf } from './scenario.ts'
import { createSplitter, type Phase } from './wire.ts'

const message = fc
  .record({ type: fc.constantFrom('Q', 'P', 'B', 'Z'), body: fc.uint8Array({ maxLength: 40 }) })
  .map(({ type, body }) => {
    const bytes = Buffer.concat([Buffer.from(`${type}....`), body])
    bytes.writeUInt32BE(body.length + 4, 1)
    return bytes
  })

test('messages are told apart wherever the network cuts them', () => {
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

test('the same seed brings the same storm, and another seed another', () => {
  const storm = (seed: number) => {
    const sprung: string[] = []
    const plan = ambushPlan(seed, 50, kinds, (fault) => sprung.push(fault))
    for (let n = 0; n < 300; n += 1)
      for (const phase of ['begin', 'confirm', 'first query', 'commit'] satisfies Phase[])
        for (const moment of ['asked', 'answered', 'done'] satisfies Moment[]) plan(phase, moment)
    return { sprung, scenarios: scenariosOf(seed, 50, 30, kinds) }
  }
  expect(storm(1)).toEqual(storm(1))
  expect(storm(1)).not.toEqual(storm(2))
  expect(storm(1).sprung.length).toBeGreaterThan(10)
})

describe('what a fault does to a query', () => {
  /** A query with a fault at one of its points; says whether PostgreSQL answered it. */
  async function ask(fault: Fault, at: Moment, work: (connection: Connection, answered: Promise<void>) => unknown) {
    const answered = Promise.withResolvers<void>()
    let isAnswered = false
    await using proxy = await openProxy(directUrl(), (phase, moment) => {
      if (phase !== 'query') return undefined
      if (moment === 'answered') {
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

  test.each(['cut', 'tear a message', 'freeze'] as const)('%s keeps it from PostgreSQL', async (fault) => {
    const { outcome, isAnswered } = await ask(faults[fault], 'asked', (connection) => failureOf(query(connection)))
    expect(outcome).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    expect(isAnswered).toBe(false)
  })

  test.each(['cut', 'tear a message', 'freeze'] as const)('%s keeps its answer from us', async (fault) => {
    const { outcome, isAnswered } = await ask(faults[fault], 'answered', (connection) => failureOf(query(connection)))
    expect(outcome).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    expect(isAnswered).toBe(true)
  })

  test('a half-close towards PostgreSQL lets its answer through', async () => {
    const { outcome } = await ask(faults['half-close towards the server'], 'asked', query)
    expect(outcome).toBe('SELECT')
  })

  test('a half-close towards us lets the question through', async () => {
    const { outcome } = await ask(faults['half-close towards the client'], 'asked', async (connection, answered) => {
      const error = await failureOf(query(connection))
      await answered
      return error
    })
    expect(outcome).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
  })

  test('a delay changes nothing', async () => {
    expect(await ask(faults.delay, 'answered', query)).toEqual({ outcome: 'SELECT', isAnswered: true })
  })
})
