import { beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { connect } from 'node:net'
import { testClient } from '../../../src/testing/index.ts'
import { fixtures } from '../../app.ts'
import { asOwner, createDatabase } from '../../database.ts'
import { buildForNode, runtimes, until } from '../../runtime/child.ts'
import { newTenant } from '../../tenants.ts'

setDefaultTimeout(60_000)

const database = await createDatabase()
const owner = asOwner(database)
const environment = { DATABASE_URL: database.appUrl, SHUTDOWN_TIMEOUT_MS: '15000' }

beforeAll(buildForNode)

describe.each(runtimes)('on $name', ({ start }) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    test(`${signal} finishes a running request, refuses new connections, and exits with 0`, async () => {
      await using server = start(environment)
      const url = await server.listening()
      await using write = await startBlockedWrite(url)

      server.signal(signal)
      await until(() => server.log().some(({ msg }) => msg === 'stopping'))
      // On a new connection each time.
      await until(() => isRefused(url))
      write.unblock()

      expect((await write.answer).status).toBe(200)
      expect(await server.exited).toBe(0)
      expect(server.log().at(-1)?.msg).toBe('stopped')
    })

  test('a write that is answered during the shutdown is stored', async () => {
    await using server = start(environment)
    await using write = await startBlockedWrite(await server.listening())
    server.signal('SIGTERM')
    await until(() => server.log().some(({ msg }) => msg === 'stopping'))
    write.unblock()
    await write.answer
    await server.exited
    const rows = await owner`select title from tasks where id = ${write.taskId}`
    expect([...rows]).toEqual([{ title: 'Written late' }])
  })

  test('idle connections do not delay the exit', async () => {
    await using server = start(environment)
    const url = await server.listening()
    using idle = await openKeptAlive(url)
    using silent = await openSocket(url)
    server.signal('SIGTERM')
    expect(await server.exited).toBe(0)
    expect([idle.received().startsWith('HTTP/1.1 200'), silent.received()]).toEqual([true, ''])
  })

  test('exits with 1 when a request still runs at the deadline', async () => {
    await using server = start({ ...environment, SHUTDOWN_TIMEOUT_MS: '50' })
    await using _write = await startBlockedWrite(await server.listening())
    server.signal('SIGTERM')
    expect(await server.exited).toBe(1)
    expect(server.log().map(({ msg }) => msg)).toContain('requests were still running at the deadline')
  })

  test('ignores a second signal', async () => {
    await using server = start(environment)
    await using write = await startBlockedWrite(await server.listening())
    server.signal('SIGTERM')
    server.signal('SIGINT')
    await until(() => server.log().some(({ msg }) => msg === 'stopping'))
    write.unblock()
    expect((await write.answer).status).toBe(200)
    expect(await server.exited).toBe(0)
  })
})

/** Sends a PATCH that waits for a locked row. */
async function startBlockedWrite(url: string) {
  const client = testClient(url).as(newTenant())
  const userId = await fixtures.userId(client)
  const { data } = await client.post<{ id: string }>('/tasks', { title: 'Written early', userId })
  const { promise: held, resolve: unblock } = Promise.withResolvers<void>()
  const locked = Promise.withResolvers<void>()
  const lock = owner.begin(async (tx) => {
    await tx`select from tasks where id = ${data.id} for update`
    locked.resolve()
    await held
  })
  await locked.promise
  const answer = client.patch(`/tasks/${data.id}`, { title: 'Written late' })
  answer.catch(() => {}) // some tests leave it unread
  const waiting = () => owner`
    select from pg_stat_activity
    where datname = current_database() and usename = 'app_user' and wait_event_type = 'Lock'`
  await until(async () => (await waiting()).length === 1)
  return {
    taskId: data.id,
    answer,
    unblock,
    async [Symbol.asyncDispose]() {
      unblock()
      await lock
    },
  }
}

async function openSocket(url: string) {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let received = ''
  socket.on('data', (data) => {
    received += data
  })
  socket.on('error', () => {})
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return { socket, received: () => received, [Symbol.dispose]: () => socket.destroy() }
}

async function openKeptAlive(url: string) {
  const connection = await openSocket(url)
  connection.socket.write(`GET /health HTTP/1.1\r\nHost: ${new URL(url).host}\r\n\r\n`)
  await until(() => connection.received().endsWith('}'))
  return connection
}

const isRefused = (url: string): Promise<boolean> =>
  openSocket(url).then(
    (connection) => {
      connection[Symbol.dispose]()
      return false
    },
    () => true,
  )
