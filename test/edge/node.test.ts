import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { main } from '../database.ts'
import { buildForNode, type Child, hasNode, startOnNode, until } from '../process/child.ts'
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

  test('a request is one JSON line, with the address of the client', async () => {
    const id = crypto.randomUUID()
    await fetch(new URL('/health', url), { headers: { 'X-Request-Id': id } })
    const line = await until(() => server.log().find(({ requestId }) => requestId === id))
    expect(line).toMatchObject({ level: 30, msg: 'request', route: '/health', status: 200, client: '127.0.0.1' })
  })
})
