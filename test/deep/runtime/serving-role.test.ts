import { expect, setDefaultTimeout, test } from 'bun:test'
import { migrate } from '../../../src/migrate/index.ts'
import { startRoleServer } from '../../migrate/role-server.ts'
import { start } from '../../runtime/child.ts'

setDefaultTimeout(60_000)

// Two projects on one server, each with a serving role of its own.
const server = await startRoleServer()
const nameOf = (url: string) => new URL(url).pathname.slice(1)
const serve = (DATABASE_URL: string) => start(['bun', 'src/runtime/bun.ts'], { DATABASE_URL, TENANT_DIRECTORY: 'on' })

test('the service works as a serving role of another name, and not in the database of another project', async () => {
  const [shop, crm] = [await server.createDatabase(), await server.createDatabase()]
  await migrate({ url: shop, appRole: 'shop user', appPassword: 'x' })
  await migrate({ url: crm, appRole: 'crm_user', appPassword: 'x' })
  {
    await using service = serve(server.as(nameOf(shop), 'shop%20user', 'x'))
    const url = await service.listening()
    const headers = { 'X-Tenant-Id': crypto.randomUUID(), 'Content-Type': 'application/json' }
    const body = JSON.stringify({ name: 'Ada', email: 'ada@example.com' })
    expect((await fetch(`${url}/users`, { method: 'POST', headers, body })).status).toBe(201)
    expect((await (await fetch(`${url}/users`, { headers })).json()).data).toHaveLength(1)
    expect((await fetch(`${url}/ready`)).status).toBe(200)
    expect(service.log().filter(({ check }) => check !== undefined && check !== 'server-release')).toEqual([])
  }
  await using stranger = serve(server.as(nameOf(shop), 'crm_user', 'x'))
  expect(await stranger.exited).toBe(1)
  expect(stranger.stderr).toContain(`permission denied for database "${nameOf(shop)}"`)
  expect(stranger.stderr).toContain('run "rowhouse migrate" with the same DATABASE_URL')
})
