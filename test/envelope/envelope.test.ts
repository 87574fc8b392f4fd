import { expect, test } from 'bun:test'
import { Hono } from 'hono'
import { ok } from '../../src/envelope/index.ts'

const answer = (data: unknown, options: Parameters<typeof ok>[2] = {}) =>
  new Hono().get('/thing', (c) => ok(c, data, options)).request('/thing?a=1')

test.each([[null], [0], [''], [false], [[]]])('data is there, whatever it is: %j', async (data) => {
  const body = await (await answer(data)).text()
  expect(body).toContain(`"data":${JSON.stringify(data)},`)
})

test('meta is there when there is something to say', async () => {
  expect(await (await answer(1, { meta: { next: null } })).json()).toMatchObject({ meta: { next: null } })
  expect(await (await answer(1)).json()).not.toHaveProperty('meta')
})

test('the status is that of the response', async () => {
  const response = await answer(1, { status: 202 })
  expect([response.status, await response.json()]).toMatchObject([202, { statusCode: 202 }])
})

test('without the request id middleware there is an id all the same', async () => {
  expect(await (await answer(1)).json()).toMatchObject({ requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) })
})
