import { describe, expect, test } from 'bun:test'
import { build, turn } from './app.ts'

const [a, b] = [crypto.randomUUID(), crypto.randomUUID()]

describe('the requests of a tenant', () => {
  test('are worked on so many at a time', async () => {
    const { as, started, finish } = build({ concurrency: { max: 2, queueMax: 10 } })
    const answers = ['1', '2', '3', '4'].map((name) => as(a)(`/held/${name}`))
    await turn()
    expect(started).toEqual(['1', '2'])
    await finish('2')
    expect(started).toEqual(['1', '2', '3'])
    for (const name of ['1', '3', '4']) await finish(name)
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200, 200])
  })

  test('wait in the order of their coming', async () => {
    const { as, started, finish } = build({ concurrency: { max: 1, queueMax: 10 } })
    const names = ['1', '2', '3', '4', '5']
    const answers = names.map((name) => as(a)(`/held/${name}`))
    await turn()
    for (const name of names) await finish(name)
    await Promise.all(answers)
    expect(started).toEqual(names)
  })

  test('do not pass those that wait', async () => {
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

  test('are refused at once when as many wait as may', async () => {
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

  test('never wait where nobody may', async () => {
    const { as, finish } = build({ concurrency: { max: 1, queueMax: 0 } })
    const first = as(a)('/held/1')
    await turn()
    expect((await as(a)('/')).status).toBe(429)
    await finish('1')
    expect([(await first).status, (await as(a)('/')).status]).toEqual([200, 200])
  })

  test('do not keep those of another tenant waiting', async () => {
    const { as, finish } = build({ concurrency: { max: 1, queueMax: 1 } })
    const answers = [as(a)('/held/1'), as(a)('/held/2')]
    await turn()
    expect([(await as(a)('/')).status, (await as(b)('/')).status]).toEqual([429, 200])
    for (const name of ['1', '2']) await finish(name)
    await Promise.all(answers)
  })
})

describe('a place', () => {
  test('is given back by a handler that throws', async () => {
    const { as } = build({ concurrency: { max: 1, queueMax: 0 } })
    expect((await as(a)('/failing')).status).toBe(500)
    expect((await as(a)('/')).status).toBe(200)
  })

  test('is handed on by a handler that fails later', async () => {
    const { as, fail } = build({ concurrency: { max: 1, queueMax: 1 } })
    const answers = [as(a)('/held/1'), as(a)('/')]
    await turn()
    await fail('1')
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([500, 200])
  })

  test('is kept until the handler has ended, though its client is gone', async () => {
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

describe('a request whose client goes away while it waits', () => {
  test('is never worked on, and lets the next one have its turn', async () => {
    const { as, started, finish } = build({ concurrency: { max: 1, queueMax: 2 } })
    const client = new AbortController()
    const answers = [as(a)('/held/1'), as(a)('/held/2', client.signal), as(a)('/held/3')]
    await turn()
    client.abort()
    expect((await answers[1])?.status).toBe(400)
    for (const name of ['1', '3']) await finish(name)
    expect([(await answers[0])?.status, (await answers[2])?.status, started]).toEqual([200, 200, ['1', '3']])
  })

  test('makes room in the queue', async () => {
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

  test('hands no place on that it never had', async () => {
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
