import { describe, expect, test } from 'bun:test'
import { memoryRateStore, type RateStore } from '../../src/limits/index.ts'
import { newTenant, respelled } from '../tenants.ts'
import { build, Clock, rateOf, turn } from './app.ts'

const a = newTenant()
const rate = { limit: 3, windowSeconds: 60 }
const down = new Error('The store is down')
const failing: [string, RateStore][] = [
  ['rejects', { take: () => Promise.reject(down) }],
  [
    'throws',
    {
      take() {
        throw down
      },
    },
  ],
]

describe('a custom store', () => {
  test('gets a key that contains the tenant and the rate', async () => {
    const calls: unknown[] = []
    const take: RateStore['take'] = (...parameters) => {
      calls.push(parameters)
      return { allowed: true, remaining: 2, resetSeconds: 20, retryAfterSeconds: 0 }
    }
    await build({ rate: { ...rate, store: { take } } }).as(respelled(a))('/')
    expect(calls).toEqual([[`3;w=60:${a}`, rate]])
  })

  test('may be asynchronous', async () => {
    const memory = memoryRateStore({ now: new Clock().now })
    const store: RateStore = { take: async (...parameters) => await memory.take(...parameters) }
    const { as } = build({ rate: { ...rate, store } })
    const answers = await Promise.all([1, 2, 3, 4].map(() => as(a)('/')))
    expect(answers.map((answer) => `${answer.status}: ${rateOf(answer)}`)).toEqual([
      '200: 3 2 20 3;w=60',
      '200: 3 1 40 3;w=60',
      '200: 3 0 60 3;w=60',
      '429: 3 0 60 3;w=60',
    ])
  })

  test.each([
    [{ remaining: -0.5, resetSeconds: 1.2, retryAfterSeconds: 1.2 }, '3 0 2 3;w=60', '2'],
    [{ remaining: 0.5, resetSeconds: -1, retryAfterSeconds: -1 }, '3 0 0 3;w=60', '1'],
  ])(
    'may return fractions and negative numbers: the headers have whole numbers (%j)',
    async (counted, seen, retryAfter) => {
      const take = () => ({ allowed: false, ...counted })
      const answer = await build({ rate: { ...rate, store: { take } } }).as(a)('/')
      expect([rateOf(answer), answer.headers.get('Retry-After')]).toEqual([seen, retryAfter])
    },
  )

  test('that fails after the client disconnected does not start the handler', async () => {
    const answered = Promise.withResolvers<never>()
    const { as, started } = build({
      rate: { ...rate, store: { take: () => answered.promise } },
      concurrency: { max: 1, queueMax: 0 },
    })
    const client = new AbortController()
    const answer = as(a)('/held/1', client.signal)
    await turn()
    client.abort()
    answered.reject(down)
    expect((await answer).status).toBe(400)
    await turn()
    expect([started, (await as(a)('/')).status]).toEqual([[], 200])
  })
})

describe.each(failing)('a store that %s', (_, store) => {
  test('allows requests and calls onStoreError', async () => {
    const reported: unknown[] = []
    const { as } = build({ rate: { ...rate, store, onStoreError: (error) => reported.push(error) } })
    const answer = await as(a)('/')
    expect([answer.status, rateOf(answer).trim(), reported]).toEqual([200, '', [down]])
  })

  test('does not change the concurrency limit', async () => {
    const { as, finish } = build({ rate: { ...rate, store }, concurrency: { max: 1, queueMax: 0 } })
    const first = as(a)('/held/1')
    await turn()
    expect((await as(a)('/')).status).toBe(429)
    await finish('1')
    await first
  })

  test('fails no request when onStoreError fails', async () => {
    const listeners = [
      () => {
        throw new Error('The listener failed')
      },
      () => Promise.reject(new Error('The listener failed')),
    ]
    for (const onStoreError of listeners)
      expect((await build({ rate: { ...rate, store, onStoreError } }).as(a)('/')).status).toBe(200)
  })
})

test('the memory store keeps the quotas of the 100,000 most recent tenants', () => {
  const store = memoryRateStore({ now: new Clock().now })
  const remaining = (key: string) => {
    const decision = store.take(key, rate)
    return 'then' in decision ? expect.unreachable() : decision.remaining
  }
  for (const key of ['first', 'second']) remaining(key)
  for (let n = 0; n < 99_998; n += 1) remaining(`t${n}`)
  expect(remaining('first')).toBe(1)
  remaining('one more')
  expect([remaining('first'), remaining('second')]).toEqual([0, 2])
})
