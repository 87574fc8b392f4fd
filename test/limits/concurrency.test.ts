import { describe, expect, test } from 'bun:test'
import { newTenant } from '../tenants.ts'
import { build, turn } from './app.ts'

const [a, b] = [newTenant(), newTenant()]

describe('the concurrency limit', () => {
  test('runs `max` requests of a tenant at the same time', async () => {
    const { as, started, finish } = build({ concurrency: { max: 2, queueMax: 10 } })
    const answers = ['1', '2', '3', '4'].map((name) => as(a)(`/held/${name}`))
    await turn()
    expect(started).toEqual(['1', '2'])
    await finish('2')
    expect(started).toEqual(['1', '2', '3'])
    for (const name of ['1', '3', '4']) await finish(name)
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200, 200])
  })

  test('runs waiting requests in order of arrival', async () => {
    const { as, started, finish } = build({ concurrency: { max: 1, queueMax: 10 } })
    const names = ['1', '2', '3', '4', '5']
    const answers = names.map((name) => as(a)(`/held/${name}`))
    await turn()
    for (const name of names) await finish(name)
    await Promise.all(answers)
    expect(started).toEqual(names)
  })

  test('does not run a new request before one that waits', async () => {
    const { as, started, finish } = build({ concurrency: { max: 1, queueMax: 10 } })
    const answers = [as(a)('/held/1'), as(a)('/held/2')]
    await turn()
    const finished = finish('1')
    answers.push(as(a)('/held/3'))
    await finished
    expect(started).toEqual(['1', '2'])
    for (const name of ['2', '3']) await finish(name)
    await Promise.all(answers)
  })

  test('rejects a request at once when the queue is full', async () => {
    const { as, started, finish } = build({ concurrency: { max: 1, queueMax: 1 } })
    const answers = [as(a)('/held/1'), as(a)('/held/2')]
    await turn()
    const response = await as(a)('/held/3')
    expect([response.status, response.headers.get('Retry-After')]).toEqual([429, '1'])
    expect(await response.json()).toMatchObject({
      success: false,
      statusCode: 429,
      error: { code: 'TOO_MANY_REQUESTS', message: 'Too many requests' },
      path: '/held/3',
    })
    for (const name of ['1', '2']) await finish(name)
    await Promise.all(answers)
    expect(started).toEqual(['1', '2'])
  })

  test('rejects a request at once when there is no queue', async () => {
    const { as, finish } = build({ concurrency: { max: 1, queueMax: 0 } })
    const first = as(a)('/held/1')
    await turn()
    expect((await as(a)('/')).status).toBe(429)
    await finish('1')
    expect([(await first).status, (await as(a)('/')).status]).toEqual([200, 200])
  })

  test('of one tenant does not delay the requests of another', async () => {
    const { as, finish } = build({ concurrency: { max: 1, queueMax: 1 } })
    const answers = [as(a)('/held/1'), as(a)('/held/2')]
    await turn()
    expect([(await as(a)('/')).status, (await as(b)('/')).status]).toEqual([429, 200])
    for (const name of ['1', '2']) await finish(name)
    await Promise.all(answers)
  })
})

describe('the concurrency limit of an actor', () => {
  const concurrency = { max: 2, queueMax: 0, actorMax: 1 }

  test('counts its requests to all tenants', async () => {
    const { as, finish } = build({ concurrency })
    const first = as(a, 'ada')('/held/1')
    await turn()
    expect([(await as(b, 'ada')('/')).status, (await as(b, 'grace')('/')).status]).toEqual([429, 200])
    await finish('1')
    expect([(await first).status, (await as(b, 'ada')('/')).status]).toEqual([200, 200])
  })

  test('does not count the actor of another issuer, or of none', async () => {
    const { as, finish } = build({ concurrency })
    const first = as(a, 'ada')('/held/1')
    await turn()
    const [ofAnother, ofNone] = [as(b, 'ada', 'https://other.example'), as(b, 'ada', '')]
    expect([(await ofAnother('/')).status, (await ofNone('/')).status]).toEqual([200, 200])
    await finish('1')
    await first
  })

  test('does not apply to callers without an actor', async () => {
    const { as, finish } = build({ concurrency })
    const first = as(a)('/held/1')
    await turn()
    expect((await as(b)('/')).status).toBe(200)
    await finish('1')
    await first
  })
})

describe('a slot', () => {
  test('is released by a handler that throws', async () => {
    const { as } = build({ concurrency: { max: 1, queueMax: 0 } })
    expect((await as(a)('/failing')).status).toBe(500)
    expect((await as(a)('/')).status).toBe(200)
  })

  test('is passed to a waiting request by a handler that rejects', async () => {
    const { as, fail } = build({ concurrency: { max: 1, queueMax: 1 } })
    const answers = [as(a)('/held/1'), as(a)('/')]
    await turn()
    await fail('1')
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([500, 200])
  })

  test('is taken until the handler has ended, even when its client has disconnected', async () => {
    const { as, finish } = build({ concurrency: { max: 1, queueMax: 0 } })
    const client = new AbortController()
    const first = as(a)('/held/1', client.signal)
    await turn()
    client.abort()
    expect([(await first).status, (await as(a)('/')).status]).toEqual([400, 429])
    await finish('1')
    expect((await as(a)('/')).status).toBe(200)
  })
})

describe('a waiting request whose client disconnects', () => {
  test('never runs, and the next one runs in its place', async () => {
    const { as, started, finish } = build({ concurrency: { max: 1, queueMax: 2 } })
    const client = new AbortController()
    const answers = [as(a)('/held/1'), as(a)('/held/2', client.signal), as(a)('/held/3')]
    await turn()
    client.abort()
    expect((await answers[1])?.status).toBe(400)
    for (const name of ['1', '3']) await finish(name)
    expect([(await answers[0])?.status, (await answers[2])?.status, started]).toEqual([200, 200, ['1', '3']])
  })

  test('leaves the queue', async () => {
    const { as, finish } = build({ concurrency: { max: 1, queueMax: 1 } })
    const client = new AbortController()
    const answers = [as(a)('/held/1'), as(a)('/held/2', client.signal)]
    await turn()
    client.abort()
    const third = as(a)('/')
    await turn()
    await finish('1')
    expect((await third).status).toBe(200)
    await Promise.all(answers)
  })

  test('releases no slot', async () => {
    const { as, started, finish } = build({ concurrency: { max: 1, queueMax: 3 } })
    const client = new AbortController()
    const answers = [as(a)('/held/1'), as(a)('/held/2', client.signal), as(a)('/held/3')]
    await turn()
    client.abort()
    await turn()
    expect(started).toEqual(['1'])
    for (const name of ['1', '3']) await finish(name)
    await Promise.all(answers)
  })
})
