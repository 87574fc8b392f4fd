import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { parseTenantId, type TenantId } from '../../src/context/index.ts'
import { query } from '../../src/database/index.ts'
import { createTenantDirectory, type TenantOptions, tenant } from '../../src/resolution/index.ts'
import { failureOf, gate, openCable, owner } from '../database/shared-database.ts'
import { type Tampering, watchedPool } from '../database/watched-pool.ts'
import { createBareDatabase, main, newTenant } from '../database.ts'

const newSlug = () => `t${crypto.randomUUID().slice(0, 13)}`

async function register(slug = newSlug()) {
  const [row] = await owner`insert into tenancy.tenants (slug, name) values (${slug}, 'Acme Inc.') returning id`
  return { id: idOf(String(row?.id)), slug }
}

function idOf(text: string): TenantId {
  const id = parseTenantId(text)
  if (id === undefined) throw new TypeError(`${text} is no id`)
  return id
}

const suspend = async (id: string) =>
  void (await owner`update tenancy.tenants set status = 'suspended' where id = ${id}`)

/** A directory, its clock, and how often it has asked. */
function openRegistry(tampering: Tampering = {}, url = main.appUrl) {
  const connections = watchedPool({ url, size: 4, connectTimeoutMs: 1000 }, tampering)
  const clock = { time: Date.now() }
  const directory = createTenantDirectory({ connections, now: () => clock.time })
  return {
    find: directory.find.bind(directory),
    asked: () => connections.sent.length,
    pass: (milliseconds: number) => {
      clock.time += milliseconds
    },
    [Symbol.asyncDispose]: () => directory.close(),
  }
}

describe('the registry in the database', () => {
  test('knows a tenant by its id and by its name', async () => {
    await using directory = openRegistry()
    const { id, slug } = await register()
    const known = { id, slug, status: 'active' } as const
    expect(await directory.find({ id })).toEqual(known)
    expect(await directory.find({ name: slug })).toEqual(known)
  })

  test('knows who is suspended', async () => {
    await using directory = openRegistry()
    const { id } = await register()
    await suspend(id)
    expect(await directory.find({ id })).toMatchObject({ status: 'suspended' })
  })

  test('does not know a tenant that is not there', async () => {
    await using directory = openRegistry()
    expect([await directory.find({ id: idOf(newTenant()) }), await directory.find({ name: newSlug() })]).toEqual([
      undefined,
      undefined,
    ])
  })

  test('sends one statement, outside of any transaction', async () => {
    await using directory = openRegistry()
    await directory.find({ name: newSlug() })
    expect(directory.asked()).toBe(1)
  })

  test.each(['', 'Acme', 'a_b', '-a', 'a-', '%', 'a\0', 'x'.repeat(64)])(
    'does not ask for %p, which is no name',
    async (name) => {
      await using directory = openRegistry()
      expect([await directory.find({ name }), directory.asked()]).toEqual([undefined, 0])
    },
  )

  test('does not take an id for a name', async () => {
    await using directory = openRegistry()
    const { id } = await register()
    expect([await directory.find({ name: id }), directory.asked()]).toEqual([undefined, 0])
  })
})

describe('an answer', () => {
  test('is kept for five seconds: then a suspension is seen', async () => {
    await using directory = openRegistry()
    const { id } = await register()
    await directory.find({ id })
    await suspend(id)
    directory.pass(4999)
    expect([await directory.find({ id }), directory.asked()]).toMatchObject([{ status: 'active' }, 1])
    directory.pass(1)
    expect([await directory.find({ id }), directory.asked()]).toMatchObject([{ status: 'suspended' }, 2])
  })

  test('is kept too when it was that there is none', async () => {
    await using directory = openRegistry()
    const slug = newSlug()
    await directory.find({ name: slug })
    await register(slug)
    expect([await directory.find({ name: slug }), directory.asked()]).toEqual([undefined, 1])
    directory.pass(5000)
    expect(await directory.find({ name: slug })).toMatchObject({ slug })
  })

  test('of one tenant is not that of another', async () => {
    await using directory = openRegistry()
    const [one, two] = [await register(), await register()]
    for (const _ of [1, 2])
      for (const { id, slug } of [one, two]) expect(await directory.find({ name: slug })).toMatchObject({ id, slug })
  })

  test('that has run out serves others for a second while one asks again', async () => {
    const [arrived, released] = [gate(1), Promise.withResolvers<void>()]
    let holds = false
    await using directory = openRegistry({
      async before() {
        if (!holds) return
        await arrived()
        await released.promise
      },
    })
    const { id } = await register()
    await directory.find({ id })
    await suspend(id)
    directory.pass(5000)
    holds = true
    const asking = directory.find({ id })
    await arrived()
    holds = false
    directory.pass(999)
    expect([await directory.find({ id }), directory.asked()]).toMatchObject([{ status: 'active' }, 2])
    directory.pass(1)
    expect([await directory.find({ id }), directory.asked()]).toMatchObject([{ status: 'suspended' }, 3])
    released.resolve()
    expect(await asking).toMatchObject({ status: 'suspended' })
  })

  test('that ran out long ago serves nobody', async () => {
    const released = Promise.withResolvers<void>()
    let holds = false
    await using directory = openRegistry({ before: () => (holds ? released.promise : undefined) })
    const { id } = await register()
    await directory.find({ id })
    await suspend(id)
    directory.pass(30_000)
    holds = true
    const asking = directory.find({ id })
    holds = false
    expect(await directory.find({ id })).toMatchObject({ status: 'suspended' })
    released.resolve()
    await asking
  })
})

describe('where the database does not answer', () => {
  test('what it said last serves for a minute, and it is asked once a second', async () => {
    let isDown = false
    await using directory = openRegistry({
      before: async (_text, connection) => {
        if (isDown) await query(connection, 'select pg_terminate_backend(pg_backend_pid())')
      },
    })
    const { id } = await register()
    await directory.find({ id })
    isDown = true
    directory.pass(60_000)
    expect([await directory.find({ id }), directory.asked()]).toMatchObject([{ status: 'active' }, 2])
    expect([await directory.find({ id }), directory.asked()]).toMatchObject([{ status: 'active' }, 2])
    directory.pass(1000)
    expect(await failureOf(Promise.resolve(directory.find({ id })))).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    isDown = false
    await suspend(id)
    expect(await directory.find({ id })).toMatchObject({ status: 'suspended' })
  })

  test('it cannot say, of a tenant that was not asked for before', async () => {
    await using directory = openRegistry({}, 'postgres://app_user:x@127.0.0.1:1/nowhere')
    expect(await failureOf(Promise.resolve(directory.find({ name: 'acme' })))).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    })
  })

  test('nor where the database was not prepared', async () => {
    const { appUrl } = await createBareDatabase()
    await using directory = openRegistry({}, appUrl)
    expect(await failureOf(Promise.resolve(directory.find({ name: 'acme' })))).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    })
  })

  test('it asks on a new connection once that one was cut', async () => {
    await using cable = await openCable()
    await using directory = openRegistry({}, cable.url)
    const { slug } = await register()
    await directory.find({ name: slug })
    const [row] = await owner`
      select pid from pg_stat_activity where query ~ 'find_tenant' and pid <> pg_backend_pid() order by query_start desc`
    await cable.cut(row?.pid)
    directory.pass(5000)
    expect(await directory.find({ name: slug })).toMatchObject({ slug })
    directory.pass(5000)
    expect(await directory.find({ name: slug })).toMatchObject({ slug })
  })
})

test('a login that is a superuser takes the role that serves, and gives it back', async () => {
  const roles: unknown[] = []
  const connections = watchedPool(
    { url: main.ownerUrl },
    {
      before: async (text, connection) => {
        if (!text.includes('find_tenant')) return
        const [answer] = await connection.send([{ text: 'select current_user::text', parameters: [] }])
        roles.push(answer?.rows[0]?.[0], connection.status)
      },
    },
  )
  const directory = createTenantDirectory({ connections, role: 'app_user' })
  const { id, slug } = await register()
  expect(await directory.find({ name: slug })).toMatchObject({ id })
  expect([roles, connections.sent.at(-1)]).toEqual([['app_user', 'transaction'], 'commit'])
  await directory.close()
})

describe('the tenant middleware with it', () => {
  const appWith = (directory: TenantOptions['directory'], yields: 'id' | 'name') => {
    const from = {
      label: 'X-Tenant',
      missing: 'Say who',
      extract: (c: { req: { header(name: string): string | undefined } }) => {
        const value = c.req.header('X-Tenant')
        if (value === undefined) return undefined
        return yields === 'id' ? { id: value } : { name: value }
      },
    }
    const app = new Hono()
    app.use(tenant({ from, directory, directoryRequired: true }))
    app.get('/', (c) => c.text('served'))
    app.onError((error, c) => c.text(error.message, 403))
    return async (value: string) => await (await app.request('/', { headers: { 'X-Tenant': value } })).text()
  }

  test('serves a tenant by its name, and refuses a suspended or unknown one', async () => {
    await using directory = openRegistry()
    const ask = appWith(directory, 'name')
    const [active, suspended] = [await register(), await register()]
    await suspend(suspended.id)
    expect([await ask(active.slug), await ask(suspended.slug), await ask('nobody-at-all')]).toEqual([
      'served',
      'This tenant is suspended',
      'This tenant is not known',
    ])
  })

  test('refuses a suspended tenant by its id too', async () => {
    await using directory = openRegistry()
    const { id } = await register()
    await suspend(id)
    expect(await appWith(directory, 'id')(id.toUpperCase())).toBe('This tenant is suspended')
  })
})
