import { beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { testClient } from '../../src/testing/index.ts'
import { fixtures } from '../app.ts'
import { main, newTenant } from '../database.ts'
import { buildForNode, runtimes, until } from './child.ts'

setDefaultTimeout(60_000)
beforeAll(buildForNode)

describe.each(runtimes)('the log on $name, where stdout is no terminal', ({ start }) => {
  test('has one JSON line a request, and nothing that is no JSON', async () => {
    await using service = start({ DATABASE_URL: main.appUrl })
    const { anonymous } = testClient(await service.listening())
    for (const path of ['/health', '/tasks', '/nowhere']) await anonymous.get(path)
    const requests = await until(() => {
      const lines = service.log().filter(({ msg }) => msg === 'request')
      return lines.length === 3 && lines
    })
    expect(requests.map(({ status }) => status)).toEqual([200, 403, 404])
    expect(service.stdout.trimEnd().split('\n')).toHaveLength(service.log().length)
    expect(service.stderr).toBe('')
  })

  test('has the tenant and the route of a request, and no value that it sent', async () => {
    await using service = start({ DATABASE_URL: main.appUrl })
    const tenant = newTenant()
    const client = testClient(await service.listening()).as(tenant)
    const userId = await fixtures.userId(client)
    await client.get(`/users/${userId}?secret=s3cret`)
    const line = await until(() => service.log().find(({ route }) => route === '/users/:id'))
    expect(line).toMatchObject({ level: 30, tenant, method: 'GET', status: 200, client: '127.0.0.1' })
    expect(service.stdout).not.toContain('s3cret')
    expect(service.stdout).not.toContain('rowhouse.example')
    expect(service.stdout).not.toContain(userId)
  })
})
