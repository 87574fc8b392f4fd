import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { connect } from 'node:net'
import { main } from '../database.ts'
import { buildForNode, type Child, hasNode, startOnNode, until } from './child.ts'
import { serviceCases } from './service-cases.ts'

setDefaultTimeout(60_000)

if (!hasNode) process.stderr.write('Node is not installed: the tests of the service on Node are skipped.\n')

describe.skipIf(!hasNode)('on Node', () => {
  let server: Child
  let url = ''
  beforeAll(async () => {
    await buildForNode()
    server = startOnNode({ DATABASE_URL: main.appUrl })
    url = await server.listening()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  for (const { name, run } of serviceCases(() => url)) test(name, run)

  test.each([
    ['/tasks', '999.999.1.1'],
    ['/tasks', 'x/..'],
    ['http://a@b/tasks', 'x'],
  ])('rejects %s at the Host %s', async (target, host) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    socket.write(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    const answer = await new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(bytes.toString())))
    expect(answer).toStartWith('HTTP/1.1 400 ')
  })

  test('keeps an idle connection longer than proxies do', async () => {
    const { headers } = await fetch(new URL('/health', url))
    expect(headers.get('Keep-Alive')).toBe('timeout=75')
  })

  test('logs a request as one JSON line, with the client’s address', async () => {
    const id = crypto.randomUUID()
    await fetch(new URL('/openapi.json', url), { headers: { 'X-Request-Id': id } })
    const line = await until(() => server.log().find(({ requestId }) => requestId === id))
    expect(line).toMatchObject({
      level: 'info',
      msg: 'request',
      route: '/openapi.json',
      status: 200,
      client: '127.0.0.1',
    })
  })
})
