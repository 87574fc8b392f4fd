import { expect, test } from 'bun:test'
import { Hono } from 'hono'
import { createErrorHandler, onInvalid } from '../../src/errors/index.ts'

// Earlier releases of @hono/zod-openapi call the hook for every body, as a valid empty object.
const app = new Hono()
  .onError(createErrorHandler())
  .post('/', (c) => c.text(String(onInvalid({ target: 'json', success: true }, c))))
const statusOf = async (type?: string) =>
  (await app.request('/', { method: 'POST', body: 'x=1', ...(type && { headers: { 'Content-Type': type } }) })).status

test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'text/json'])(
  'a validated body of the media type %s is refused with 415',
  async (type) => {
    expect(await statusOf(type)).toBe(415)
  },
)

test.each(['application/json', 'Application/JSON', 'application/json; charset=utf-8', 'application/merge-patch+json'])(
  'a validated body of the media type %s is accepted',
  async (type) => {
    expect(await statusOf(type)).toBe(200)
  },
)
