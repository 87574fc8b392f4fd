import { expect, test } from 'bun:test'
import { createErrorHandler } from '../../../src/errors/index.ts'
import { createRouter } from '../../../src/openapi/index.ts'
import { methodNotAllowed } from '../../../src/service/middleware/method-not-allowed.ts'

const app = createRouter()
app.use(async (_, next) => await next())
app.onError(createErrorHandler())
app.notFound(methodNotAllowed(app))
app.get('/doors/:id', (c) => (c.req.param('id') === 'none' ? c.notFound() : c.body('a door')))
app.put('/doors/:id', (c) => c.body('a new door'))

/** The status and `Allow` of an answer. */
async function answer(method: string, path: string) {
  const { status, headers } = await app.request(path, { method })
  return [status, headers.get('Allow')]
}

test('a method that a path lacks is 405, with those that it has', async () => {
  expect(await answer('POST', '/doors/1')).toEqual([405, 'GET, HEAD, PUT'])
  expect(await answer('PROPFIND', '/doors/1')).toEqual([405, 'GET, HEAD, PUT'])
})

test('a path that is nowhere is 404 under every method', async () => {
  expect(await answer('GET', '/windows/1')).toEqual([404, null])
  expect(await answer('POST', '/doors')).toEqual([404, null])
})

test('what a handler cannot find is 404 under a method that the path has', async () => {
  expect(await answer('GET', '/doors/none')).toEqual([404, null])
  expect(await answer('HEAD', '/doors/none')).toEqual([404, null])
})
