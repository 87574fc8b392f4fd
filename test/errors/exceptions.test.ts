import { expect, test } from 'bun:test'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { newTenant } from '../database.ts'
import { failing } from '../service/http/app.ts'

const answerTo = (thrown: unknown) => failing(thrown).as(newTenant()).get('/tasks')

const named: [ContentfulStatusCode, string][] = [
  [400, 'BAD_REQUEST'],
  [401, 'UNAUTHORIZED'],
  [402, 'PAYMENT_REQUIRED'],
  [403, 'FORBIDDEN'],
  [404, 'NOT_FOUND'],
  [406, 'NOT_ACCEPTABLE'],
  [409, 'CONFLICT'],
  [414, 'URI_TOO_LONG'],
  [418, 'IM_A_TEAPOT'],
  [422, 'UNPROCESSABLE_ENTITY'],
  [423, 'LOCKED'],
  [428, 'PRECONDITION_REQUIRED'],
  [429, 'TOO_MANY_REQUESTS'],
  [431, 'REQUEST_HEADER_FIELDS_TOO_LARGE'],
  [451, 'UNAVAILABLE_FOR_LEGAL_REASONS'],
]

test.each(named)("somebody else's %d is %s and keeps what it says", async (status, code) => {
  const answer = await answerTo(new HTTPException(status, { message: 'As the middleware says' }))
  expect({ ...answer }).toMatchObject({ status, body: { statusCode: status } })
  expect(answer.error).toEqual({ code, message: 'As the middleware says' })
})

const ofServers: [ContentfulStatusCode, string][] = [
  [500, 'INTERNAL_SERVER_ERROR'],
  [501, 'NOT_IMPLEMENTED'],
  [502, 'BAD_GATEWAY'],
  [503, 'SERVICE_UNAVAILABLE'],
  [504, 'GATEWAY_TIMEOUT'],
  [507, 'INSUFFICIENT_STORAGE'],
  [508, 'LOOP_DETECTED'],
]

test.each(ofServers)("somebody else's %d is %s and keeps nothing else", async (status, code) => {
  const res = new Response('s3cret', { status, headers: { 'X-Debug': 's3cret' } })
  const answer = await answerTo(new HTTPException(status, { message: 's3cret', cause: new Error('s3cret'), res }))
  expect({ status: answer.status, error: answer.error }).toMatchObject({ status, error: { code } })
  expect(JSON.stringify([answer.body, ...answer.headers])).not.toContain('s3cret')
})

test.each([499, 599])('a status without a name, %d, keeps its number', async (status) => {
  const answer = await answerTo(new HTTPException(status as ContentfulStatusCode))
  const code = status < 500 ? 'BAD_REQUEST' : 'INTERNAL_SERVER_ERROR'
  expect([answer.status, answer.error?.code]).toEqual([status, code])
})

test('a 4xx that says nothing has the message of its code', async () => {
  expect((await answerTo(new HTTPException(404))).error).toEqual({ code: 'NOT_FOUND', message: 'Not found' })
  expect((await answerTo(new HTTPException(418))).error).toEqual({ code: 'IM_A_TEAPOT', message: 'IM_A_TEAPOT' })
})

test.each([200, 204, 302, 304])('an exception of %d is no failure, and so a fault of ours', async (status) => {
  const thrown = new HTTPException(status as ContentfulStatusCode, { message: 's3cret' })
  const { status: answered, error } = await answerTo(thrown)
  expect({ answered, error }).toEqual({
    answered: 500,
    error: { code: 'INTERNAL_SERVER_ERROR', message: 'Something went wrong' },
  })
})

test.each([
  ['WWW-Authenticate', 401, 'Bearer error="invalid_token"'],
  ['Retry-After', 429, '30'],
  ['Allow', 405, 'GET'],
  ['Retry-After', 503, '120'],
] as const)("%s of somebody else's %d reaches the client", async (name, status, value) => {
  const res = new Response('Not in the envelope', { status, headers: { [name]: value, 'Set-Cookie': 'a=1' } })
  const { headers, body } = await answerTo(new HTTPException(status, { res }))
  expect(headers.get(name)).toBe(value)
  expect(headers.get('Set-Cookie')).toBeNull()
  expect(body).toMatchObject({ success: false, statusCode: status })
})
