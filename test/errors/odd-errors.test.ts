import { expect, test } from 'bun:test'
import { Hono } from 'hono'
import { createErrorHandler, type ErrorEnv } from '../../src/errors/index.ts'
import { db } from '../database.ts'
import { build, failing } from '../service/http/app.ts'
import { newTenant } from '../tenants.ts'

function selfCaused(): Error {
  const error = new Error('x')
  error.cause = error
  return error
}

function causingEachOther(): Error {
  const [first, second] = [new Error('x'), new Error('y')]
  first.cause = second
  second.cause = first
  return first
}

/** Errors whose fields are not what the class says, as some libraries throw them. */
const withOddFields: [string, () => Error][] = [
  ['a stack that is no text', () => Object.defineProperty(new Error('x'), 'stack', { value: 1 })],
  ['a message that is no text', () => Object.defineProperty(new Error('x'), 'message', { value: { a: 1 } })],
  ['a name that is no text', () => Object.defineProperty(new Error('x'), 'name', { value: undefined })],
  ['no prototype of its own', () => Object.create(Error.prototype)],
]

const thrown: [string, () => Error][] = [
  ['itself as its cause', selfCaused],
  ['a cause that it causes', causingEachOther],
  ...withOddFields,
]

test.each(thrown)('an error with %s is answered with 500 and logged', async (_name, create) => {
  const { as, lines } = failing(create())
  const { status, error } = await as(newTenant()).get('/tasks')
  expect([status, error?.code]).toEqual([500, 'INTERNAL_SERVER_ERROR'])
  expect(lines).toMatchObject([{ level: 'error', status: 500, errorCode: 'INTERNAL_SERVER_ERROR' }])
})

test.each(thrown)(
  'an error with %s that fails a transaction is answered with 500 and logged',
  async (_name, create) => {
    const failed = () => db.write(() => Promise.reject(create()))
    const { as, lines } = build({ db: { ...db, read: failed, write: failed } })
    expect((await as(newTenant()).get('/tasks')).status).toBe(500)
    expect(lines).toMatchObject([{ level: 'error', status: 500, errorCode: 'INTERNAL_SERVER_ERROR' }])
  },
)

test.each(thrown)('an error with %s is answered with 500 in an app of the kit', async (_name, create) => {
  const app = new Hono<ErrorEnv>()
  app.onError(createErrorHandler())
  app.get('/', () => {
    throw create()
  })
  expect((await app.request('/')).status).toBe(500)
})
