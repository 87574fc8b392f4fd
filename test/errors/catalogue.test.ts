import { expect, test } from 'bun:test'
import { HTTPException } from 'hono/http-exception'
import { ApiError, catalogue, type ErrorCode } from '../../src/errors/index.ts'
import { newTenant } from '../database.ts'
import { failing } from '../service/http/app.ts'

/** The promise to clients, written down a second time. */
const promised: Record<ErrorCode, number> = {
  BAD_REQUEST: 400,
  VALIDATION_FAILED: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TIMEOUT: 408,
  CONFLICT: 409,
  GONE: 410,
  PRECONDITION_FAILED: 412,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  INVALID_REFERENCE: 422,
  UNPROCESSABLE_ENTITY: 422,
  TOO_MANY_REQUESTS: 429,
  INTERNAL_SERVER_ERROR: 500,
  NOT_IMPLEMENTED: 501,
  BAD_GATEWAY: 502,
  SERVICE_UNAVAILABLE: 503,
  GATEWAY_TIMEOUT: 504,
}
const codes = Object.entries(promised) as [ErrorCode, number][]
const answerTo = (thrown: unknown) => failing(thrown).as(newTenant()).get('/tasks')

test('the catalogue has these codes and no others', () => {
  expect(Object.keys(catalogue).toSorted()).toEqual(Object.keys(promised).toSorted())
})

test.each(codes)('%s is answered with %d and its own message', async (code, promisedStatus) => {
  const { status, body, error } = await answerTo(new ApiError(code))
  expect(status).toBe(promisedStatus)
  expect(body).toMatchObject({ success: false, statusCode: promisedStatus })
  expect(error).toEqual({ code, message: catalogue[code].message })
})

test.each(codes.filter(([, status]) => status < 500))('%s says what the thrower says', async (code) => {
  const details = [{ path: 'title', code: 'rude', message: 'Mind your words' }]
  const { error, headers } = await answerTo(new ApiError(code, 'No', { details, headers: { 'X-Why': 'because' } }))
  expect(error).toEqual({ code, message: 'No', details })
  expect(headers.get('X-Why')).toBe('because')
})

test.each(codes.filter(([, status]) => status >= 500))('%s says nothing of what the thrower says', async (code) => {
  const details = [{ path: 's3cret', code: 's3cret', message: 's3cret' }]
  const { body, error } = await answerTo(new ApiError(code, 's3cret', { details, cause: new Error('s3cret') }))
  expect(error).toEqual({ code, message: catalogue[code].message })
  expect(JSON.stringify(body)).not.toContain('s3cret')
})

test('no details are left out rather than empty', async () => {
  expect((await answerTo(new ApiError('NOT_FOUND', 'No', { details: [] }))).error).not.toHaveProperty('details')
})

test('what is unavailable says when to try again', async () => {
  for (const thrown of [new ApiError('SERVICE_UNAVAILABLE'), new HTTPException(503)])
    expect((await answerTo(thrown)).headers.get('Retry-After')).toBe('1')
})
