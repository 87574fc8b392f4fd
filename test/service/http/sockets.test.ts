import { afterAll, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { listen } from '../../../src/runtime/bun.ts'
import { loadConfig } from '../../../src/service/config/config.ts'
import { main } from '../../database.ts'
import { newTenant } from '../../tenants.ts'
import { app, newAcme } from './app.ts'

const server = await listen(app, loadConfig({ DATABASE_URL: main.appUrl, PORT: '0' }))
afterAll(() => server.kill())

/** Sends bytes unchanged, and resolves with everything that the server sends until it closes. */
function send(lines: string[], body = ''): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect(Number(server.port), '127.0.0.1')
  let answer = ''
  socket.on('data', (bytes) => (answer += bytes.toString()))
  socket.on('close', () => resolve(answer))
  socket.on('error', reject)
  socket.write([...lines, 'Connection: close', '', body].join('\r\n'), 'latin1')
  return promise
}
const statusOf = (answer: string) => Number(answer.split(' ')[1])

const hosts = [
  '[',
  ']',
  '[::1',
  'x:99999999',
  'x:abc',
  '%',
  '%00',
  '%ff',
  'a b',
  'x/..',
  'x?y',
  'x#y',
  '\xff',
  'u:p@x',
  '<x>',
  '\\',
  '999.999.1.1',
  '0x100000000',
  '',
]
test.each(hosts)('rejects the Host %j', async (host) => {
  const answer = await send(['GET /tasks?page=1 HTTP/1.1', `Host: ${host}`, `X-Tenant-Id: ${newTenant()}`])
  expect(statusOf(answer)).toBe(400)
})

test('closes the connection after a rejected Host, since its body stays unread', async () => {
  const { headers } = await app.request('/health', { headers: { Host: 'x/..' } })
  expect(headers.get('Connection')).toBe('close')
})

test('304 has neither a body nor a header of one, and a list of tags may be in two headers', async () => {
  const { tenant, task, client } = await newAcme()
  const etag = (await client.get(`/tasks/${task.id}`)).headers.get('ETag')
  for (const method of ['GET', 'HEAD']) {
    const lines = [`${method} /tasks/${task.id} HTTP/1.1`, 'Host: x', `X-Tenant-Id: ${tenant}`]
    const answer = await send([...lines, 'If-None-Match: "other"', `If-None-Match: ${etag}`])
    const [head = '', body] = answer.split('\r\n\r\n')
    expect([statusOf(answer), body]).toEqual([304, ''])
    expect(head).toContain(`ETag: ${etag}`)
    expect(head.toLowerCase()).not.toMatch(/\r\n(content-(type|length|encoding)|transfer-encoding):/)
  }
})

test('a tag of bytes that are no ASCII is another one, and no error', async () => {
  const { tenant, task } = await newAcme()
  const lines = [`DELETE /tasks/${task.id} HTTP/1.1`, 'Host: x', `X-Tenant-Id: ${tenant}`]
  for (const text of ['\xff', '\xc3\xa9', '\xe2\x82\xac'])
    expect(statusOf(await send([...lines, `If-Match: "${text}"`]))).toBe(412)
})

test.each(['x', 'x:80', 'a-b.example:3000', '127.0.0.1:1', '[::1]:3000'])('accepts the Host %j', async (host) => {
  expect(statusOf(await send(['GET /health HTTP/1.1', `Host: ${host}`]))).toBe(200)
})

test.each<[string, number]>([
  ['/health', 200],
  ['/abc/tasks', 404],
])('%s without a Host, as HTTP/1.0 allows, is %d', async (path, status) => {
  expect(statusOf(await send([`GET ${path} HTTP/1.0`, `X-Tenant-Id: ${newTenant()}`]))).toBe(status)
})

test('rejects a body over the runtime’s own limit in the envelope', async () => {
  const type = 'Content-Type: application/json'
  const lines = ['POST /users HTTP/1.1', 'Host: x', `X-Tenant-Id: ${newTenant()}`, type, 'Content-Length: 200000000']
  expect(await send(lines)).toContain('"code":"PAYLOAD_TOO_LARGE"')
})

test.each(['http://evil.example/tasks', '/tasks#part', '/tasks?page=1'])('%s requests /tasks', async (target) => {
  const { tenant, task } = await newAcme()
  const answer = await send([`GET ${target} HTTP/1.1`, 'Host: x', `X-Tenant-Id: ${tenant}`])
  expect(answer).toContain(task.id)
  expect(answer).not.toContain('evil')
})

test.each<[string, number]>([
  ['/tasks/\xff', 400],
  ['/tasks/%00', 400],
  ['/tasks\\x', 400],
  ['/tasks?page=\xff', 400],
  ['//x/tasks', 404],
  ['/tasks;x=1', 404],
])('%j is %d', async (target, status) => {
  expect(statusOf(await send([`GET ${target} HTTP/1.1`, 'Host: x', `X-Tenant-Id: ${newTenant()}`]))).toBe(status)
})

test.each(['TRACE', 'OPTIONS', 'QUERY'])('%s is not allowed', async (method) => {
  const answer = await send([`${method} /tasks HTTP/1.1`, 'Host: x', `X-Tenant-Id: ${newTenant()}`])
  expect([statusOf(answer), answer.includes('Allow: GET, HEAD, POST')]).toEqual([405, true])
})

const id = newTenant()
test.each<[string, number]>([
  [`x-tenant-id:${id}`, 200],
  [`X-Tenant-Id: \t${id} `, 200],
  [`X-Tenant-Id: ${id}\r\nX-Tenant-Id: ${id}`, 400],
  [`X-Tenant-Id: ${id}\0`, 400],
  [`X-Tenant-Id:\r\n ${id}`, 400],
  [`X_Tenant_Id: ${id}`, 403],
  ['X-Tenant-Id:', 403],
])('the header %j is %d', async (header, status) => {
  expect(statusOf(await send(['GET /tasks HTTP/1.1', 'Host: x', header]))).toBe(status)
})

test('HEAD sends no body', async () => {
  const answer = await send(['HEAD /tasks HTTP/1.1', 'Host: x', `X-Tenant-Id: ${newTenant()}`])
  expect([statusOf(answer), answer.split('\r\n\r\n')[1]]).toEqual([200, ''])
})

test('HEAD sends the length of GET', async () => {
  const lengthOf = async (method: string) =>
    /content-length: (\d+)/i.exec(await send([`${method} /health HTTP/1.1`, 'Host: x']))?.[1]
  expect(await lengthOf('HEAD')).toBe('15')
  expect(await lengthOf('GET')).toBe('15')
})

test('answers a caller without a tenant before its body has arrived', async () => {
  const socket = connect(Number(server.port), '127.0.0.1')
  const head = ['POST /users HTTP/1.1', 'Host: x', 'Content-Type: application/json', 'Content-Length: 99']
  socket.write([...head, '', '{'].join('\r\n'))
  const answer = await new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(bytes.toString())))
  socket.destroy()
  expect(statusOf(answer)).toBe(403)
})

test('reads a body in chunks', async () => {
  const type = 'Content-Type: application/json'
  const body = JSON.stringify({ email: 'ada@acme.example', name: 'Ada' })
  const chunks = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
  const lines = ['POST /users HTTP/1.1', 'Host: x', `X-Tenant-Id: ${newTenant()}`, type, 'Transfer-Encoding: chunked']
  expect(statusOf(await send(lines, chunks))).toBe(201)
})
