import { expect, test } from 'bun:test'
import { Hono } from 'hono'
import { ok } from '../../src/envelope/index.ts'

const respond = (data: unknown, options: Parameters<typeof ok>[2] = {}) =>
  new Hono().get('/thing', (c) => ok(c, data, options)).request('/thing?a=1')

test.each([[null], [0], [''], [false], [[]]])('has data, also when it is %j', async (data) => {
  const body = await (await respond(data)).text()
  expect(body).toContain(`"data":${JSON.stringify(data)},`)
})

test('has meta only when it is given', async () => {
  expect(await (await respond(1, { meta: { next: null } })).json()).toMatchObject({ meta: { next: null } })
  expect(await (await respond(1)).json()).not.toHaveProperty('meta')
})

test('repeats the status of the response', async () => {
  const response = await respond(1, { status: 202 })
  expect([response.status, await response.json()]).toMatchObject([202, { statusCode: 202 }])
})

test('generates a request id without the request id middleware', async () => {
  expect(await (await respond(1)).json()).toMatchObject({ requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) })
})
