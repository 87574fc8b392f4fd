import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { contractCases, testClient } from '../../../src/testing/index.ts'
import { app, fixtures } from '../../app.ts'
import { closeAfterwards } from '../../database.ts'
import { newTenant } from '../../tenants.ts'
import { pair, pauseReplay, startPairService } from './pair.ts'

setDefaultTimeout(30_000)

const service = await startPairService()
closeAfterwards(service)

/** A client that sends the bookmark of its session, as the OpenAPI document describes. */
function openSession() {
  let bookmark = 'none'
  return testClient({
    async request(path, init) {
      const headers = new Headers(init?.headers)
      headers.set('Bookmark', bookmark)
      const response = await service.app.request(path, { ...init, headers })
      bookmark = response.headers.get('Bookmark') ?? bookmark
      return response
    },
  })
}
const { as } = testClient(service.app)
type User = { id: string; name: string }
const ada = { email: 'ada@rowhouse.example', name: 'Ada' }
const bookmarkOf = async (tenant: string) =>
  (await openSession().as(tenant).post('/users', ada)).headers.get('Bookmark') ?? ''

/** A tenant with a user named Ada, on both servers. */
async function withAda() {
  const tenant = newTenant()
  const id = await fixtures.userId(as(tenant))
  await pair.replayed()
  return { tenant, path: `/users/${id}` }
}

describe('while the standby is behind', () => {
  test('a request without a bookmark reads the old row', async () => {
    const { tenant, path } = await withAda()
    await using _ = await pauseReplay()
    await as(tenant).patch(path, { name: 'Grace' })
    expect((await as(tenant).get<User>(path)).data.name).toBe('Ada')
  })

  test('a session reads its own write', async () => {
    const { tenant, path } = await withAda()
    await using _ = await pauseReplay()
    const session = openSession().as(tenant)
    expect((await session.get<User>(path)).data.name).toBe('Ada')
    await session.patch(path, { name: 'Grace' })
    expect((await session.get<User>(path)).data.name).toBe('Grace')
  })

  test('a session whose write was replayed reads on the standby, whatever other sessions wrote since', async () => {
    const { tenant, path } = await withAda()
    const session = openSession().as(tenant)
    await session.patch(path, { name: 'Grace' })
    await using _ = await pauseReplay()
    await as(tenant).patch(path, { name: 'Barbara' })
    expect((await session.get<User>(path)).data.name).toBe('Grace')
  })

  test.each([
    ['another tenant’s bookmark', () => bookmarkOf(newTenant())],
    ['an invalid bookmark', () => 'nonsense'],
    ['an empty bookmark', () => ''],
  ])('a request with %s reads on the primary', async (_, bookmark) => {
    const { tenant, path } = await withAda()
    const headers = { Bookmark: await bookmark() }
    await using _paused = await pauseReplay()
    await as(tenant).patch(path, { name: 'Grace' })
    expect((await as(tenant).send<User>('GET', path, { headers })).data.name).toBe('Grace')
  })
})

describe('a bookmark is returned', () => {
  test('for a write that sends one', async () => {
    expect(await bookmarkOf(newTenant())).toHaveLength(48)
  })

  test('only for a write that sends one', async () => {
    const { headers } = await as(newTenant()).post('/users', ada)
    expect(headers.has('Bookmark')).toBe(false)
  })

  test('only with a replica', async () => {
    const { send } = testClient(app).as(newTenant())
    const headers = { 'Content-Type': 'application/json', Bookmark: 'none' }
    const answer = await send('POST', '/users', { body: JSON.stringify(ada), headers })
    expect([answer.status, answer.headers.has('Bookmark')]).toEqual([201, false])
  })

  test('only for a write that succeeds', async () => {
    const session = openSession().as(newTenant())
    await session.post('/users', ada)
    const { status, headers } = await session.post('/users', ada)
    expect([status, headers.has('Bookmark')]).toEqual([409, false])
  })

  test('only for a write', async () => {
    const { headers } = await openSession().as(newTenant()).get('/users')
    expect(headers.has('Bookmark')).toBe(false)
  })
})

test('a session always reads its last write during the replay', async () => {
  const sessions = Array.from({ length: 20 }, async () => {
    const { tenant, path } = await withAda()
    const session = openSession().as(tenant)
    for (let turn = 0; turn < 25; turn += 1) {
      await session.patch(path, { name: `Ada ${turn}` })
      expect((await session.get<User>(path)).data.name).toBe(`Ada ${turn}`)
    }
  })
  await Promise.all(sessions)
})

const { anonymous } = testClient(service.app)
const document = JSON.stringify((await anonymous.get('/openapi.json')).body)
/** Each tenant has one session, so that the cases read their own writes. */
const client = { anonymous: openSession().anonymous, as: (tenant: string) => sessionOf(tenant) }
const sessions = new Map<string, ReturnType<typeof as>>()
function sessionOf(tenant: string) {
  const session = sessions.get(tenant) ?? openSession().as(tenant)
  sessions.set(tenant, session)
  return session
}

describe('with a standby, every operation of the document', () => {
  for (const { name, run } of contractCases({ client, document, fixtures })) test(name, run)
})
