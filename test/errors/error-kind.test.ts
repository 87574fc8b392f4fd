import { expect, test } from 'bun:test'
import { Hono } from 'hono'
import { ApiError, createErrorHandler, errorKind } from '../../src/errors/index.ts'

const quotaExceeded = errorKind({ code: 'QUOTA_EXCEEDED', status: 402, message: 'The quota is used up' })
const throwing = (error: ApiError) =>
  new Hono()
    .onError(createErrorHandler({ onError: () => {} }))
    .get('/', () => {
      throw error
    })
    .request('/')

test('an error of a kind of your own has its status, its code and its message', async () => {
  const response = await throwing(new ApiError(quotaExceeded))
  expect(response.status).toBe(402)
  expect(await response.json()).toMatchObject({ error: { code: 'QUOTA_EXCEEDED', message: 'The quota is used up' } })
})

test('its message may say more', async () => {
  const response = await throwing(new ApiError(quotaExceeded, 'Your plan has 10 projects'))
  expect(await response.json()).toMatchObject({ error: { message: 'Your plan has 10 projects' } })
})

test('a kind of 5xx tells the client its default message only', async () => {
  const kind = errorKind({ code: 'MAIL_FAILED', status: 502, message: 'The mail was not sent' })
  const response = await throwing(new ApiError(kind, 'smtp://user:s3cret@mail'))
  expect(await response.json()).toMatchObject({ error: { code: 'MAIL_FAILED', message: 'The mail was not sent' } })
})

test.each(['quota', 'Quota_Exceeded', '_QUOTA', 'QUOTA_', 'QUOTA EXCEEDED', ''])('refuses the code %p', (code) => {
  expect(() => errorKind({ code, status: 402, message: '' })).toThrow('upper snake case, such as QUOTA_EXCEEDED')
})

test('refuses a code of the catalogue', () => {
  expect(() => errorKind({ code: 'NOT_FOUND', status: 410, message: '' })).toThrow('NOT_FOUND is in the catalogue')
})

test.each([200, 302, 399, 600])('refuses the status %d', (status) => {
  const kind = { code: 'ODD', status: status as 400, message: '' } // JavaScript could pass it
  expect(() => errorKind(kind)).toThrow(`The status of ODD must be from 400 to 599 (got ${status})`)
})
