import { expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { HTTPException } from 'hono/http-exception'
import { ApiError, catalogue, type ErrorCode } from '../../src/errors/index.ts'
import { failing } from '../service/http/app.ts'
import { newTenant } from '../tenants.ts'

/** The contract with clients, as a copy of its own. */
const expected: Record<ErrorCode, number> = {
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
  IDEMPOTENCY_KEY_REUSED: 422,
  UNPROCESSABLE_ENTITY: 422,
  TOO_MANY_REQUESTS: 429,
  INTERNAL_SERVER_ERROR: 500,
  NOT_IMPLEMENTED: 501,
  BAD_GATEWAY: 502,
  SERVICE_UNAVAILABLE: 503,
  GATEWAY_TIMEOUT: 504,
}
const codes = Object.entries(expected) as [ErrorCode, number][]
const responseTo = (thrown: unknown) => failing(thrown).as(newTenant()).get('/tasks')

test('the catalogue has exactly these codes', () => {
  expect(Object.keys(catalogue).toSorted()).toEqual(Object.keys(expected).toSorted())
})

test('docs/errors has a page for each code and no other page', () => {
  const pages = readdirSync(join(import.meta.dir, '../../docs/errors'))
  expect(pages.toSorted()).toEqual(['README.md', ...Object.keys(catalogue).map((code) => `${code}.md`)].toSorted())
})

test.each(codes)('%s has status %d and its own message', async (code, expectedStatus) => {
  const { status, body, error } = await responseTo(new ApiError(code))
  expect(status).toBe(expectedStatus)
  expect(body).toMatchObject({ success: false, statusCode: expectedStatus })
  expect(error).toEqual({ code, message: catalogue[code].message })
})

test.each(codes.filter(([, status]) => status < 500))(
  '%s passes the thrown message, details and headers to the client',
  async (code) => {
    const details = [{ path: 'title', code: 'rude', message: 'Use other words' }]
    const { error, headers } = await responseTo(new ApiError(code, 'No', { details, headers: { 'X-Why': 'because' } }))
    expect(error).toEqual({ code, message: 'No', details })
    expect(headers.get('X-Why')).toBe('because')
  },
)

test.each(codes.filter(([, status]) => status >= 500))(
  '%s hides the thrown message and details from the client',
  async (code) => {
    const details = [{ path: 's3cret', code: 's3cret', message: 's3cret' }]
    const { body, error } = await responseTo(new ApiError(code, 's3cret', { details, cause: new Error('s3cret') }))
    expect(error).toEqual({ code, message: catalogue[code].message })
    expect(JSON.stringify(body)).not.toContain('s3cret')
  },
)

test('empty details are left out', async () => {
  expect((await responseTo(new ApiError('NOT_FOUND', 'No', { details: [] }))).error).not.toHaveProperty('details')
})

test('a 503 has Retry-After', async () => {
  for (const thrown of [new ApiError('SERVICE_UNAVAILABLE'), new HTTPException(503)])
    expect((await responseTo(thrown)).headers.get('Retry-After')).toBe('1')
})
