import { describe, expect, test } from 'bun:test'
import { memoryRateStore, type RateOptions, tenantLimits } from '../../src/limits/index.ts'
import { newTenant } from '../tenants.ts'
import { build, Clock, rateOf } from './app.ts'

const [a, b] = [newTenant(), newTenant()]
const rate = { limit: 3, windowSeconds: 60 }

function limited(options: RateOptions = rate) {
  const clock = new Clock()
  return { clock, ...build({ rate: { ...options, store: memoryRateStore({ now: clock.now }) } }) }
}

describe('a rate', () => {
  test('allows a tenant `limit` requests at once', async () => {
    const { as } = limited()
    const statuses = [await as(a)('/'), await as(a)('/'), await as(a)('/'), await as(a)('/')].map(
      ({ status }) => status,
    )
    expect(statuses).toEqual([200, 200, 200, 429])
  })

  test('is in the headers of every response, allowed or rejected', async () => {
    const { as, clock } = limited()
    const seen: string[] = []
    for (let n = 0; n < 4; n += 1) {
      seen.push(rateOf(await as(a)('/')))
      clock.move(500)
    }
    expect(seen).toEqual(['3 2 20 3;w=60', '3 1 40 3;w=60', '3 0 59 3;w=60', '3 0 59 3;w=60'])
  })

  test.each(['/failing', '/nowhere', '/raw'])('is in the headers of the response of %p', async (path) => {
    const { as } = limited()
    expect(rateOf(await as(a)(path))).toBe('3 2 20 3;w=60')
  })

  test('is in the headers of a request that the concurrency limit rejects', async () => {
    const { as, started, finish } = build({ rate, concurrency: { max: 1, queueMax: 0 } })
    const first = as(a)('/held/1')
    const second = await as(a)('/held/2')
    expect([second.status, rateOf(second).split(' ')[1], started]).toEqual([429, '1', ['1']])
    await finish('1')
    await first
  })

  test('rejects with the error envelope and Retry-After', async () => {
    const { as, clock } = limited()
    for (let n = 0; n < 3; n += 1) await as(a)('/')
    clock.move(1)
    const response = await as(a)('/')
    expect([response.status, response.headers.get('Retry-After')]).toEqual([429, '20'])
    expect(await response.json()).toMatchObject({
      statusCode: 429,
      error: { code: 'TOO_MANY_REQUESTS', message: 'Too many requests' },
    })
  })

  test('allows a request after Retry-After, and not before', async () => {
    const { as, clock } = limited({ limit: 7, windowSeconds: 60 })
    for (let n = 0; n < 7; n += 1) await as(a)('/')
    const seconds = Number((await as(a)('/')).headers.get('Retry-After'))
    clock.move(seconds * 1000 - 1000)
    expect((await as(a)('/')).headers.get('Retry-After')).toBe('1')
    clock.move(1000)
    expect((await as(a)('/')).status).toBe(200)
  })

  test('sends a Retry-After of at least one second', async () => {
    const { as, clock } = limited({ limit: 100, windowSeconds: 1 })
    for (let n = 0; n < 100; n += 1) await as(a)('/')
    clock.move(9)
    expect((await as(a)('/')).headers.get('Retry-After')).toBe('1')
  })

  test('refills evenly, however many rejected requests a tenant sends', async () => {
    const { as, clock } = limited({ limit: 10, windowSeconds: 60 })
    for (let n = 0; n < 10; n += 1) await as(a)('/')
    const seconds: number[] = []
    for (let second = 1; second <= 24; second += 1) {
      clock.move(1000)
      if ((await as(a)('/')).status === 200) seconds.push(second)
    }
    expect(seconds).toEqual([6, 12, 18, 24])
  })

  test('refills up to the limit', async () => {
    const { as, clock } = limited()
    await as(a)('/')
    clock.move(59_000)
    expect(rateOf(await as(a)('/'))).toBe('3 2 20 3;w=60')
  })

  test('is full after a window without requests', async () => {
    const { as, clock } = limited()
    for (let n = 0; n < 4; n += 1) await as(a)('/')
    clock.move(60_000)
    expect(rateOf(await as(a)('/'))).toBe('3 2 20 3;w=60')
  })

  test('is partly refilled after less than a window without requests', async () => {
    const { as, clock } = limited()
    for (let n = 0; n < 3; n += 1) await as(a)('/')
    clock.move(45_000)
    expect(rateOf(await as(a)('/'))).toBe('3 1 35 3;w=60')
  })

  test('continues over several windows while a tenant sends requests', async () => {
    const { as, clock } = limited({ limit: 2, windowSeconds: 60 })
    for (let n = 0; n < 2; n += 1) await as(a)('/')
    const statuses: number[] = []
    for (let n = 0; n < 12; n += 1) {
      clock.move(15_000)
      statuses.push((await as(a)('/')).status)
    }
    expect(statuses).toEqual([429, 200, 429, 200, 429, 200, 429, 200, 429, 200, 429, 200])
  })

  test('keeps its remaining quota when the clock is set back', async () => {
    const { as, clock } = limited()
    for (let n = 0; n < 3; n += 1) await as(a)('/')
    clock.move(-3_600_000)
    expect((await as(a)('/')).status).toBe(429)
    clock.move(20_000)
    expect((await as(a)('/')).status).toBe(200)
  })

  test('is separate for each tenant', async () => {
    const { as } = limited()
    for (let n = 0; n < 4; n += 1) await as(a)('/')
    expect(rateOf(await as(b)('/'))).toBe('3 2 20 3;w=60')
  })

  test('is separate for each rate in the same store', async () => {
    const store = memoryRateStore({ now: new Clock().now })
    const others = [
      { limit: 3, windowSeconds: 10 },
      { limit: 2, windowSeconds: 60 },
    ]
    for (const other of others) await build({ rate: { ...other, store } }).as(a)('/')
    expect(rateOf(await build({ rate: { ...rate, store } }).as(a)('/'))).toBe('3 2 20 3;w=60')
  })

  test.each([
    [0, 60],
    [1.5, 60],
    [3, 0],
    [3, 0.5],
    [3, Number.NaN],
  ])('rejects a limit of %p in %p seconds', (limit, windowSeconds) => {
    expect(() => tenantLimits({ rate: { limit, windowSeconds } })).toThrow(TypeError)
  })
})
