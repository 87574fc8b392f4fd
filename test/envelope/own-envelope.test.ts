import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { createEnvelope, type EnvelopeOptions, requestId } from '../../src/envelope/index.ts'
import { ApiError, createErrorHandler, notFound } from '../../src/errors/index.ts'

function newApp(options: EnvelopeOptions) {
  const { middleware, ok } = createEnvelope(options)
  const app = new Hono().use(middleware, requestId()).onError(createErrorHandler()).notFound(notFound)
  return app
    .get('/one', (c) => ok(c, { n: 1 }, { meta: { next: null } }))
    .get('/taken', () => {
      const details = [{ path: 'name', code: 'conflict', message: 'The name is taken' }]
      throw new ApiError('CONFLICT', 'The name is taken', { details })
    })
}
const keysOf = async (response: Response | Promise<Response>) => Object.keys(await (await response).json())

describe('an envelope with fewer fields', () => {
  test.each<[keyof EnvelopeOptions]>([['timestamp'], ['path'], ['requestId']])(
    'has no %s, in successes and failures',
    async (field) => {
      const app = newApp({ [field]: false })
      const without = (keys: string[]) => keys.filter((key) => key !== field)
      const common = ['success', 'statusCode', 'requestId']
      expect(await keysOf(app.request('/one'))).toEqual(without([...common, 'data', 'meta', 'timestamp', 'path']))
      const failed = without([...common, 'error', 'timestamp', 'path'])
      expect(await keysOf(app.request('/taken'))).toEqual(failed)
      expect(await keysOf(app.request('/nowhere'))).toEqual(failed)
    },
  )

  test('keeps the request id in its header', async () => {
    const response = await newApp({ requestId: false }).request('/one', { headers: { 'X-Request-Id': 'r-1' } })
    expect(response.headers.get('X-Request-Id')).toBe('r-1')
  })

  test('shares nothing with another app', async () => {
    const [all, few] = [newApp({}), newApp({ path: false })]
    await few.request('/taken')
    expect(await keysOf(all.request('/taken'))).toContain('path')
  })

  test('has schemas without these fields', () => {
    const { successOf, pageOf } = createEnvelope({ timestamp: false, requestId: false })
    const { n } = { n: createEnvelope().successOf }
    expect(Object.keys(successOf(n as never).shape)).toEqual(['success', 'statusCode', 'data', 'path'])
    expect(Object.keys(pageOf(n as never).shape)).toEqual(['success', 'statusCode', 'data', 'meta', 'path'])
  })
})

describe('a failure as a problem (RFC 9457)', () => {
  const problem = 'application/problem+json'
  const send = (options: EnvelopeOptions, Accept?: string, path = '/taken') =>
    newApp(options).request(`${path}?secret=1`, { headers: { ...(Accept ? { Accept } : {}), 'X-Request-Id': 'r-1' } })

  test('has the fields of a problem, and what the envelope says', async () => {
    const response = await send({ problems: true }, problem)
    expect([response.status, response.headers.get('Content-Type')]).toEqual([409, problem])
    expect(await response.json()).toEqual({
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      detail: 'The name is taken',
      instance: '/taken',
      code: 'CONFLICT',
      requestId: 'r-1',
      errors: [{ path: 'name', code: 'conflict', message: 'The name is taken' }],
    })
  })

  test('has no errors without a list of problems', async () => {
    expect(await (await send({ problems: true }, problem, '/nowhere')).json()).not.toHaveProperty('errors')
  })

  test('has a type of its code below a URL of the app', async () => {
    const response = await send({ problems: 'https://api.example/errors/' }, problem)
    expect(await response.json()).toMatchObject({ type: 'https://api.example/errors/conflict' })
  })

  test.each([
    [problem],
    [`application/json, ${problem}`],
    [`text/html;q=0.9, ${problem};q=0.1`],
    ['Application/Problem+JSON'],
  ])('is for a client with Accept: %s', async (accept) => {
    expect((await send({ problems: true }, accept)).headers.get('Content-Type')).toBe(problem)
  })

  test.each([
    [undefined],
    ['*/*'],
    ['application/*'],
    ['application/json'],
    [`${problem};q=0`],
    [`application/json, ${problem};q=0.1`],
    ['application/problem+xml'],
  ])('is not for a client with Accept: %s', async (accept) => {
    const response = await send({ problems: true }, accept)
    expect(response.headers.get('Content-Type')).toBe('application/json')
    expect(await response.json()).toMatchObject({ success: false, error: { code: 'CONFLICT' } })
  })

  test('varies by Accept, in both forms', async () => {
    for (const accept of [problem, undefined])
      expect((await send({ problems: true }, accept)).headers.get('Vary')).toBe('Accept')
  })

  test('is off by default, and nothing varies by it', async () => {
    const response = await send({}, problem)
    expect([response.headers.get('Content-Type'), response.headers.get('Vary')]).toEqual(['application/json', null])
  })
})
