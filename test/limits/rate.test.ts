import { describe, expect, test } from 'bun:test'
import { memoryRateStore, type RateOptions, tenantLimits } from '../../src/limits/index.ts'
import { build, Clock, rateOf } from './app.ts'

const [a, b] = [crypto.randomUUID(), crypto.randomUUID()]
const rate = { limit: 3, windowSeconds: 60 }

function limited(options: RateOptions = rate) {
  const clock = new Clock()
  return { clock, ...build({ rate: { ...options, store: memoryRateStore({ now: clock.now }) } }) }
}

describe('a rate', () => {
  test('lets a tenant send as many at once as it allows', async () => {
    const { as } = limited()
    const statuses = [await as(a)('/'), await as(a)('/'), await as(a)('/'), await as(a)('/')].map(
      ({ status }) => status,
    )
    expect(statuses).toEqual([200, 200, 200, 429])
  })

  test('is told on every answer, allowed or not', async () => {
    const { as, clock } = limited()
    const seen: string[] = []
    for (let n = 0; n < 4; n += 1) {
      seen.push(rateOf(await as(a)('/')))
      clock.move(500)
    }
    expect(seen).toEqual(['3 2 20 3;w=60', '3 1 40 3;w=60', '3 0 59 3;w=60', '3 0 59 3;w=60'])
  })

  test.each(['/failing', '/nowhere', '/raw'])('is told on the answer of %p', async (path) => {
    const { as } = limited()
    expect(rateOf(await as(a)(path))).toBe('3 2 20 3;w=60')
  })

  test('is told to who is refused since too many wait', async () => {
    const { as, started, finish } = build({ rate, concurrency: { max: 1, queueMax: 0 } })
    const first = as(a)('/held/1')
    const second = await as(a)('/held/2')
    expect([second.status, rateOf(second).split(' ')[1], started]).toEqual([429, '1', ['1']])
    await finish('1')
    await first
  })

  test('refuses with the envelope and says when to come again', async () => {
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

  test('lets in again at the second that it named, and not before', async () => {
    const { as, clock } = limited({ limit: 7, windowSeconds: 60 })
    for (let n = 0; n < 7; n += 1) await as(a)('/')
    const seconds = Number((await as(a)('/')).headers.get('Retry-After'))
    clock.move(seconds * 1000 - 1000)
    expect((await as(a)('/')).headers.get('Retry-After')).toBe('1')
    clock.move(1000)
    expect((await as(a)('/')).status).toBe(200)
  })

  test('never says to come again in no time', async () => {
    const { as, clock } = limited({ limit: 100, windowSeconds: 1 })
    for (let n = 0; n < 100; n += 1) await as(a)('/')
    clock.move(9)
    expect((await as(a)('/')).headers.get('Retry-After')).toBe('1')
  })

  test('comes back evenly, however often a tenant asks in between', async () => {
    const { as, clock } = limited({ limit: 10, windowSeconds: 60 })
    for (let n = 0; n < 10; n += 1) await as(a)('/')
    const seconds: number[] = []
    for (let second = 1; second <= 24; second += 1) {
      clock.move(1000)
      if ((await as(a)('/')).status === 200) seconds.push(second)
    }
    expect(seconds).toEqual([6, 12, 18, 24])
  })

  test('comes back no further than whole', async () => {
    const { as, clock } = limited()
    await as(a)('/')
    clock.move(59_000)
    expect(rateOf(await as(a)('/'))).toBe('3 2 20 3;w=60')
  })

  test('is whole again after a window of silence', async () => {
    const { as, clock } = limited()
    for (let n = 0; n < 4; n += 1) await as(a)('/')
    clock.move(60_000)
    expect(rateOf(await as(a)('/'))).toBe('3 2 20 3;w=60')
  })

  test('is as it was for a tenant that was quiet for less than a window', async () => {
    const { as, clock } = limited()
    for (let n = 0; n < 3; n += 1) await as(a)('/')
    clock.move(45_000)
    expect(rateOf(await as(a)('/'))).toBe('3 1 35 3;w=60')
  })

  test('is remembered for a tenant that goes on asking, window after window', async () => {
    const { as, clock } = limited({ limit: 2, windowSeconds: 60 })
    for (let n = 0; n < 2; n += 1) await as(a)('/')
    const statuses: number[] = []
    for (let n = 0; n < 12; n += 1) {
      clock.move(15_000)
      statuses.push((await as(a)('/')).status)
    }
    expect(statuses).toEqual([429, 200, 429, 200, 429, 200, 429, 200, 429, 200, 429, 200])
  })

  test('goes on from where it was when the clock is set back', async () => {
    const { as, clock } = limited()
    for (let n = 0; n < 3; n += 1) await as(a)('/')
    clock.move(-3_600_000)
    expect((await as(a)('/')).status).toBe(429)
    clock.move(20_000)
    expect((await as(a)('/')).status).toBe(200)
  })

  test('is each tenant’s own', async () => {
    const { as } = limited()
    for (let n = 0; n < 4; n += 1) await as(a)('/')
    expect(rateOf(await as(b)('/'))).toBe('3 2 20 3;w=60')
  })

  test('of another kind takes nothing from it in the same store', async () => {
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
  ])('cannot be %p in %p seconds', (limit, windowSeconds) => {
    expect(() => tenantLimits({ rate: { limit, windowSeconds } })).toThrow(TypeError)
  })
})
