import { expect, test } from 'bun:test'
import { connect } from 'node:net'
import { db } from '../../database.ts'
import { newTenant, respelled } from '../../tenants.ts'
import { anonymous, as, build, failing, lineOf, newAcme } from '../http/app.ts'

async function lineFor(method: string, path: string, client = as(newTenant())) {
  const { headers } = await client.send(method, path)
  return lineOf(headers.get('X-Request-Id'))
}

test('logs one line for a request: ids, route, status and duration', async () => {
  const { lines, as } = build()
  const tenant = newTenant()
  const { headers } = await as(tenant).get('/tasks?page=1')
  expect(lines).toEqual([
    {
      level: 'info',
      message: 'request',
      requestId: headers.get('X-Request-Id'),
      tenant,
      method: 'GET',
      route: '/tasks',
      status: 200,
      ms: expect.any(Number),
      client: undefined,
    },
  ])
})

test('logs the canonical form of the tenant', async () => {
  const { lines, as } = build()
  const tenant = newTenant()
  await as(respelled(tenant)).get('/tasks')
  expect(lines).toMatchObject([{ tenant }])
})

test('logs the pattern of the route, not the path', async () => {
  const { client, task } = await newAcme()
  expect(await lineFor('GET', `/tasks/${task.id}`, client)).toMatchObject({ route: '/tasks/:id' })
})

test('does not log a path without a route', async () => {
  const line = await lineFor('GET', '/where/is/my-secret')
  expect(line).toMatchObject({ status: 404, route: undefined })
})

test('logs a 4xx as information, with its code', async () => {
  expect(await lineFor('GET', '/tasks/x')).toMatchObject({ level: 'info', status: 400, errorCode: 'VALIDATION_FAILED' })
  expect(await lineFor('GET', '/tasks', anonymous)).toMatchObject({
    level: 'info',
    status: 403,
    errorCode: 'FORBIDDEN',
  })
  expect(await lineFor('PUT', '/tasks')).toMatchObject({ level: 'info', status: 405, errorCode: 'METHOD_NOT_ALLOWED' })
})

test('logs a 5xx as an error', async () => {
  const { lines, as } = failing(new RangeError('no'))
  await as(newTenant()).get('/tasks')
  expect(lines).toMatchObject([
    { level: 'error', status: 500, errorCode: 'INTERNAL_SERVER_ERROR', error: { name: 'RangeError' } },
  ])
})

test('logs a thrown string too', async () => {
  const { lines, as } = failing('no Error')
  await as(newTenant()).get('/tasks')
  expect(lines).toMatchObject([{ level: 'error', status: 500, errorCode: 'INTERNAL_SERVER_ERROR' }])
})

/** Resolves with the first log line of an app. */
function firstLine() {
  const { promise, resolve } = Promise.withResolvers<Record<string, unknown>>()
  const write = (level: string) => (fields: object) => resolve({ level, ...fields })
  return { log: { info: write('info'), warn: write('warn'), error: write('error') }, line: promise }
}

test('logs a client that hangs up before its body has arrived as aborted, with status 499', async () => {
  const { log, line } = firstLine()
  const arrived = Promise.withResolvers<void>()
  const { app } = build({ log })
  const fetch = (request: Request) => {
    arrived.resolve()
    return app.fetch(request)
  }
  await using server = Bun.serve({ port: 0, fetch })
  const socket = connect(Number(server.port), '127.0.0.1')
  socket.write(`POST /users HTTP/1.1\r\nHost: x\r\nX-Tenant-Id: ${newTenant()}\r\nContent-Length: 9\r\n\r\n{`)
  await arrived.promise
  socket.destroy()
  const { errorCode, error, ...fields } = await line
  expect(fields).toMatchObject({ level: 'info', status: 499, aborted: true, route: '/users' })
  expect([errorCode, error]).toEqual([undefined, undefined])
})

test('logs a client that hangs up while its request runs as aborted, with status 499', async () => {
  const { log, line } = firstLine()
  const client = new AbortController()
  const read: typeof db.read = async (work) => {
    client.abort()
    return await db.read(work)
  }
  const { app } = build({ log, db: { ...db, read } })
  const tenant = newTenant()
  await app.request(new Request('http://test/tasks', { headers: { 'X-Tenant-Id': tenant }, signal: client.signal }))
  expect(await line).toMatchObject({ level: 'info', status: 499, aborted: true, tenant })
})

test('logs a malformed request of a client that waits for its answer as 400', async () => {
  const line = await lineFor('GET', '/tasks', as('_nonsense'))
  expect(line).toMatchObject({ status: 400, errorCode: 'BAD_REQUEST' })
  expect(line).not.toHaveProperty('aborted')
})

const forwarded = (
  addresses: string | undefined,
  trustProxy: number,
  remoteAddress: string | undefined = '10.0.0.1',
) => {
  const { app, lines } = build({ trustProxy })
  const headers = addresses === undefined ? undefined : { 'X-Forwarded-For': addresses }
  const request = new Request('http://test/health', headers ? { headers } : {})
  return Promise.resolve(app.fetch(request, { remoteAddress })).then(() => lines[0]?.client)
}

test.each<[string | undefined, number, string]>([
  ['203.0.113.7', 0, '10.0.0.1'],
  [undefined, 1, '10.0.0.1'],
  ['', 1, '10.0.0.1'],
  ['203.0.113.7', 1, '203.0.113.7'],
  ['6.6.6.6, 203.0.113.7', 1, '203.0.113.7'],
  ['6.6.6.6, 203.0.113.7, 10.0.0.2', 2, '203.0.113.7'],
  ['6.6.6.6,203.0.113.7,10.0.0.2', 2, '203.0.113.7'],
  ['203.0.113.7', 2, '10.0.0.1'],
  ['2001:db8::7', 1, '2001:db8::7'],
  ['6.6.6.6, <script>', 1, '10.0.0.1'],
  ['6.6.6.6, unknown', 1, '10.0.0.1'],
  [`6.6.6.6, ${'1'.repeat(46)}`, 1, '10.0.0.1'],
])('X-Forwarded-For of %j behind %d proxies: the client is %s', async (addresses, trustProxy, client) => {
  expect(await forwarded(addresses, trustProxy)).toBe(client)
})

test('two X-Forwarded-For lines are one list', async () => {
  const { app, lines } = build({ trustProxy: 1 })
  const headers = new Headers()
  for (const address of ['6.6.6.6', '203.0.113.7']) headers.append('X-Forwarded-For', address)
  await app.fetch(new Request('http://test/health', { headers }), { remoteAddress: '10.0.0.1' })
  expect(lines).toMatchObject([{ client: '203.0.113.7' }])
})
