import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { spawn } from 'node:child_process'
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApp } from '../../src/app.ts'
import { createPool, createTenantDatabase } from '../../src/tenancy/index.ts'
import { contractCases, testClient } from '../../src/testing/index.ts'
import { createWallCheck, type WallCheck } from '../../src/walls/index.ts'
import { app, deps, fixtures } from '../app.ts'
import { main, newTenant } from '../database.ts'
import { freePort, postgresUser } from '../postgres.ts'
import { until } from './door.ts'

const pgbouncer = Bun.which('pgbouncer') ?? Bun.which('/usr/sbin/pgbouncer')
if (!pgbouncer)
  process.stderr.write('PgBouncer is not installed: the tests through a transaction pooler are skipped.\n')

/** PgBouncer in transaction mode before the test database, with one connection for everybody. */
async function startPooler() {
  const folder = await mkdtemp(join(tmpdir(), 'rowhouse-pgbouncer-'))
  const user = process.getuid?.() === 0 ? await postgresUser() : undefined // it refuses to be root
  const { hostname, port, pathname, username, password } = new URL(main.appUrl)
  const listenPort = await freePort()
  await writeFile(
    join(folder, 'pgbouncer.ini'),
    `[databases]
    ${pathname.slice(1)} = host=${hostname} port=${port}
    [pgbouncer]
    listen_addr = 127.0.0.1
    listen_port = ${listenPort}
    auth_type = plain
    auth_file = ${folder}/users
    pool_mode = transaction
    default_pool_size = 1
    unix_socket_dir =`.replace(/^ +/gm, ''),
  )
  await writeFile(join(folder, 'users'), `"${username}" "${password}"`)
  if (user) for (const path of [folder, join(folder, 'users')]) await chown(path, user.uid, user.gid)
  const child = spawn(pgbouncer ?? '', ['-q', join(folder, 'pgbouncer.ini')], { ...user, stdio: 'ignore' })
  const url = Object.assign(new URL(main.appUrl), { port: String(listenPort) }).href
  return {
    url,
    async stop() {
      child.kill('SIGKILL')
      await rm(folder, { recursive: true })
    },
  }
}

describe.skipIf(!pgbouncer)('through a transaction pooler with one connection', () => {
  let pooler: Awaited<ReturnType<typeof startPooler>>
  let walls: WallCheck
  const db = { read: deps.db.read, write: deps.db.write, close: async () => {} }
  const pooled = createApp({ ...deps, db, walls: { inspect: () => walls.inspect() } })

  beforeAll(async () => {
    pooler = await startPooler()
    walls = createWallCheck({ url: pooler.url })
    await until(() =>
      walls.inspect().then(
        () => true,
        () => false,
      ),
    )
    Object.assign(db, createTenantDatabase({ connections: createPool({ url: pooler.url, size: 10 }) }))
  })
  afterAll(async () => {
    await Promise.all([db.close(), walls.close()])
    await pooler.stop()
  })

  const client = testClient(pooled)
  test('the whole contract holds', async () => {
    const { body } = await testClient(app).anonymous.get('/openapi.json')
    for (const { run } of contractCases({ client, document: JSON.stringify(body), fixtures })) await run()
  })

  test('many tenants at once see their own rows alone', async () => {
    const tenants = Array.from({ length: 10 }, newTenant)
    const visit = async (n: number) => {
      const tenant = tenants[n % tenants.length] ?? ''
      await client.as(tenant).post('/users', { email: `${n}@rowhouse.example`, name: tenant })
      const { data } = await client.as(tenant).get<{ name: string }[]>('/users?limit=100')
      expect(new Set(data.map(({ name }) => name))).toEqual(new Set([tenant]))
    }
    await Promise.all(Array.from({ length: 200 }, (_, n) => visit(n)))
  })
})
