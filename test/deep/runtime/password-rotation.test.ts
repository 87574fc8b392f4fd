import { beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import { migrate } from '../../../src/migrate/index.ts'
import { testClient } from '../../../src/testing/index.ts'
import { newFastFolder } from '../../fast-folder.ts'
import { startPostgres } from '../../postgres.ts'
import { buildForNode, runtimes, until } from '../../runtime/child.ts'

setDefaultTimeout(60_000)

beforeAll(buildForNode)

/** A server of its own, because the password of app_user changes. */
async function prepare() {
  const server = await startPostgres()
  await migrate({ url: server.ownerUrl, appPassword: 'first' })
  const owner = postgres(server.ownerUrl, { max: 2, onnotice: () => {} })
  await owner`insert into tenancy.tenants (slug, name) values ('acme', 'Acme'), ('globex', 'Globex')`
  const file = join(newFastFolder(), 'database_url')
  const write = (password: string) =>
    writeFileSync(file, `${Object.assign(new URL(server.ownerUrl), { username: 'app_user', password }).href}\n`)
  write('first')
  return { server, owner, file, write }
}

describe.each(runtimes)('the service on $name', ({ start }) => {
  test('logs in with the new password of DATABASE_URL_FILE without a restart, and loses no request', async () => {
    const { server, owner, file, write } = await prepare()
    const settings = {
      DATABASE_URL_FILE: file,
      TENANT_DIRECTORY: 'on',
      TENANT_FROM: 'subdomain',
      TENANT_CONCURRENCY: '0',
    }
    await using service = start({ ...settings, TENANT_DOMAIN: 'localhost' })
    const url = await service.listening()
    const ask = async (slug: string) => {
      const headers = { Host: `${slug}.localhost:${new URL(url).port}` }
      return (await fetch(new URL('/tasks', url), { headers })).status
    }
    const connections = async () =>
      (await owner`select pid from pg_stat_activity where usename = 'app_user' and backend_type = 'client backend'`)
        .length
    expect(await ask('acme')).toBe(200)
    const before = await connections()

    await owner`alter role app_user password 'second'`
    write('second')
    // More at once than there are open connections: a lock keeps each of them busy.
    let statuses: number[] = []
    await owner.begin(async (lock) => {
      await lock`lock table tasks in access exclusive mode`
      const asked = Promise.all(Array.from({ length: 4 }, () => ask('acme')))
      await until(async () => (await connections()) > before)
      asked.then((all) => (statuses = all))
    })
    await until(() => statuses.length === 4)
    expect(statuses).toEqual([200, 200, 200, 200])

    // The connections of /ready and of the directory log in again too.
    await owner`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app_user'`
    await until(async () => (await connections()) === 0)
    await until(async () => (await testClient(url).anonymous.get('/ready')).status === 200)
    await until(async () => (await ask('globex')) === 200)

    await service[Symbol.asyncDispose]()
    expect(service.stdout + service.stderr).not.toMatch(/first|second/)
    await owner.end()
    await server.stop()
  })
})
