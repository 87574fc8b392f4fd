import { expect, test } from 'bun:test'
import { createErrorHandler } from '../../../src/errors/index.ts'
import { createRouter } from '../../../src/openapi/index.ts'
import { methodNotAllowed } from '../../../src/service/middleware/method-not-allowed.ts'

const app = createRouter()
app.use(async (_, next) => await next())
app.onError(createErrorHandler())
app.notFound(methodNotAllowed(app))
app.get('/items/:id', (c) => (c.req.param('id') === 'none' ? c.notFound() : c.body('an item')))
app.put('/items/:id', (c) => c.body('a new item'))

/** The status and the `Allow` header of an answer. */
async function answer(method: string, path: string) {
  const { status, headers } = await app.request(path, { method })
  return [status, headers.get('Allow')]
}

test('answers a method that a path lacks with 405 and the methods that it has', async () => {
  expect(await answer('POST', '/items/1')).toEqual([405, 'GET, HEAD, PUT'])
  expect(await answer('PROPFIND', '/items/1')).toEqual([405, 'GET, HEAD, PUT'])
})

test('answers an unknown path with 404 for every method', async () => {
  expect(await answer('GET', '/windows/1')).toEqual([404, null])
  expect(await answer('POST', '/items')).toEqual([404, null])
})

test('keeps the 404 of a handler', async () => {
  expect(await answer('GET', '/items/none')).toEqual([404, null])
  expect(await answer('HEAD', '/items/none')).toEqual([404, null])
})
