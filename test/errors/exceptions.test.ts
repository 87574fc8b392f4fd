import { expect, test } from 'bun:test'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { failing } from '../service/http/app.ts'
import { newTenant } from '../tenants.ts'

const responseTo = (thrown: unknown) => failing(thrown).as(newTenant()).get('/tasks')

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

test.each(named)('an HTTPException with %d becomes %s and keeps its message', async (status, code) => {
  const response = await responseTo(new HTTPException(status, { message: 'A message of the middleware' }))
  expect({ ...response }).toMatchObject({ status, body: { statusCode: status } })
  expect(response.error).toEqual({ code, message: 'A message of the middleware' })
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

test.each(ofServers)(
  'an HTTPException with %d becomes %s and loses its message, body and headers',
  async (status, code) => {
    const res = new Response('s3cret', { status, headers: { 'X-Debug': 's3cret' } })
    const response = await responseTo(new HTTPException(status, { message: 's3cret', cause: new Error('s3cret'), res }))
    expect({ status: response.status, error: response.error }).toMatchObject({ status, error: { code } })
    expect(JSON.stringify([response.body, ...response.headers])).not.toContain('s3cret')
  },
)

test.each([499, 599])('an HTTPException with the unknown status %d keeps its status', async (status) => {
  const response = await responseTo(new HTTPException(status as ContentfulStatusCode))
  const code = status < 500 ? 'BAD_REQUEST' : 'INTERNAL_SERVER_ERROR'
  expect([response.status, response.error?.code]).toEqual([status, code])
})

test('a 4xx HTTPException without a message gets a standard message', async () => {
  expect((await responseTo(new HTTPException(404))).error).toEqual({ code: 'NOT_FOUND', message: 'Not found' })
  expect((await responseTo(new HTTPException(418))).error).toEqual({ code: 'IM_A_TEAPOT', message: "I'm a Teapot" })
})

test.each([200, 204, 302, 304])('an HTTPException with %d becomes INTERNAL_SERVER_ERROR', async (status) => {
  const thrown = new HTTPException(status as ContentfulStatusCode, { message: 's3cret' })
  const { status: received, error } = await responseTo(thrown)
  expect({ received, error }).toEqual({
    received: 500,
    error: { code: 'INTERNAL_SERVER_ERROR', message: 'Something went wrong' },
  })
})

test.each([
  ['WWW-Authenticate', 401, 'Bearer error="invalid_token"'],
  ['Retry-After', 429, '30'],
  ['Allow', 405, 'GET'],
  ['Retry-After', 503, '120'],
] as const)('the header %s of an HTTPException with %d reaches the client', async (name, status, value) => {
  const res = new Response('Not in the envelope', { status, headers: { [name]: value, 'Set-Cookie': 'a=1' } })
  const { headers, body } = await responseTo(new HTTPException(status, { res }))
  expect(headers.get(name)).toBe(value)
  expect(headers.get('Set-Cookie')).toBeNull()
  expect(body).toMatchObject({ success: false, statusCode: status })
})
