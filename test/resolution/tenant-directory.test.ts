import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { unverified } from '../../src/context/index.ts'
import { query } from '../../src/database/index.ts'
import { createTenantDirectory, header, type TenantOptions, tenant } from '../../src/resolution/index.ts'
import { failureOf, gate, openCable, owner } from '../database/shared-database.ts'
import { type Tampering, watchedPool } from '../database/watched-pool.ts'
import { createBareDatabase, main } from '../database.ts'
import { newTenant, respelled, tenantIds } from '../tenants.ts'
import { idOf, newSlug, register, registerAll, suspend } from './registered.ts'

/** A directory with a clock that `pass` moves, and the number of its queries. */
function openDirectory(tampering: Tampering = {}, url = main.appUrl) {
  const connections = watchedPool({ url, size: 4, connectTimeoutMs: 1000 }, tampering)
  const clock = { time: Date.now() }
  const directory = createTenantDirectory({ connections, now: () => clock.time })
  return {
    find: directory.find.bind(directory),
    queries: () => connections.sent.length,
    pass: (milliseconds: number) => {
      clock.time += milliseconds
    },
    [Symbol.asyncDispose]: () => directory.close(),
  }
}

describe('the tenant directory', () => {
  test('finds a tenant by its id and by its slug', async () => {
    await using directory = openDirectory()
    const { id, slug } = await register()
    const entry = { id, slug, externalId: undefined, domains: [], status: 'active' } as const
    expect(await directory.find({ id })).toEqual(entry)
    expect(await directory.find({ slug: slug })).toEqual(entry)
  })

  test('finds a tenant by its external id, and by its domain in any form', async () => {
    await using directory = openDirectory()
    const { id, slug, externalId, domain } = await registerAll()
    const entry = { id: idOf(id), slug, externalId, domains: [domain], status: 'active' } as const
    expect(await directory.find({ externalId })).toEqual(entry)
    expect(await directory.find({ domain: `${domain.toUpperCase()}.` })).toEqual(entry)
    expect(await directory.find({ externalId: externalId.toUpperCase() })).toBeUndefined()
  })

  test('returns an entry that its caller cannot change for others', async () => {
    await using directory = openDirectory()
    const { id } = await register()
    const entry = await directory.find({ id })
    expect(() => Object.assign(entry ?? {}, { status: 'suspended' })).toThrow(TypeError)
    expect(() => Object.assign(entry?.domains ?? {}, { 0: 'b.example' })).toThrow(TypeError)
    expect(await directory.find({ id })).toMatchObject({ status: 'active' })
  })

  test('reports a suspended tenant', async () => {
    await using directory = openDirectory()
    const { id } = await register()
    await suspend(id)
    expect(await directory.find({ id })).toMatchObject({ status: 'suspended' })
  })

  test('returns undefined for an absent tenant', async () => {
    await using directory = openDirectory()
    expect([await directory.find({ id: idOf(newTenant()) }), await directory.find({ slug: newSlug() })]).toEqual([
      undefined,
      undefined,
    ])
  })

  test('sends one statement without a transaction', async () => {
    await using directory = openDirectory()
    await directory.find({ slug: newSlug() })
    expect(directory.queries()).toBe(1)
  })

  test.each(['', 'Acme', 'a_b', '-a', 'a-', '%', 'a\0', 'x'.repeat(64)])(
    'sends no query for %p, which cannot be a slug',
    async (name) => {
      await using directory = openDirectory()
      expect([await directory.find({ slug: name }), directory.queries()]).toEqual([undefined, 0])
    },
  )

  test('sends no query for an id as a slug', async () => {
    await using directory = openDirectory()
    const { id } = await register()
    expect([await directory.find({ slug: id }), directory.queries()]).toEqual([undefined, 0])
  })
})

describe('an answer', () => {
  test('is used for five seconds, after which a suspension takes effect', async () => {
    await using directory = openDirectory()
    const { id } = await register()
    await directory.find({ id })
    await suspend(id)
    directory.pass(4999)
    expect([await directory.find({ id }), directory.queries()]).toMatchObject([{ status: 'active' }, 1])
    directory.pass(1)
    expect([await directory.find({ id }), directory.queries()]).toMatchObject([{ status: 'suspended' }, 2])
  })

  test('is used too when there is no such tenant', async () => {
    await using directory = openDirectory()
    const slug = newSlug()
    await directory.find({ slug: slug })
    await register(slug)
    expect([await directory.find({ slug: slug }), directory.queries()]).toEqual([undefined, 1])
    directory.pass(5000)
    expect(await directory.find({ slug: slug })).toMatchObject({ slug })
  })

  test('is used only for its own tenant', async () => {
    await using directory = openDirectory()
    const [one, two] = [await register(), await register()]
    for (const _ of [1, 2])
      for (const { id, slug } of [one, two]) expect(await directory.find({ slug: slug })).toMatchObject({ id, slug })
  })

  test('that has expired is used for a second during the next query', async () => {
    const [arrived, released] = [gate(1), Promise.withResolvers<void>()]
    let holds = false
    await using directory = openDirectory({
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
    const finding = directory.find({ id })
    await arrived()
    holds = false
    directory.pass(999)
    expect([await directory.find({ id }), directory.queries()]).toMatchObject([{ status: 'active' }, 2])
    directory.pass(1)
    expect([await directory.find({ id }), directory.queries()]).toMatchObject([{ status: 'suspended' }, 3])
    released.resolve()
    expect(await finding).toMatchObject({ status: 'suspended' })
  })

  test('that expired long ago is not used', async () => {
    const released = Promise.withResolvers<void>()
    let holds = false
    await using directory = openDirectory({ before: () => (holds ? released.promise : undefined) })
    const { id } = await register()
    await directory.find({ id })
    await suspend(id)
    directory.pass(30_000)
    holds = true
    const answers = [directory.find({ id }), directory.find({ id })]
    released.resolve()
    expect(await Promise.all(answers)).toMatchObject([{ status: 'suspended' }, { status: 'suspended' }])
  })
})

describe('when the clock is set back', () => {
  test('an answer is not used longer', async () => {
    await using directory = openDirectory()
    const { id } = await register()
    await directory.find({ id })
    await suspend(id)
    directory.pass(-3_600_000)
    expect(await directory.find({ id })).toMatchObject({ status: 'suspended' })
  })
})

describe('while the database is unavailable', () => {
  test('the last answer is used for a minute, with a query once a second', async () => {
    let isDown = false
    await using directory = openDirectory({
      before: async (_text, connection) => {
        if (isDown) await query(connection, 'select pg_terminate_backend(pg_backend_pid())')
      },
    })
    const { id } = await register()
    await directory.find({ id })
    isDown = true
    directory.pass(60_000)
    expect([await directory.find({ id }), directory.queries()]).toMatchObject([{ status: 'active' }, 2])
    expect([await directory.find({ id }), directory.queries()]).toMatchObject([{ status: 'active' }, 2])
    directory.pass(1000)
    expect(await failureOf(Promise.resolve(directory.find({ id })))).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    isDown = false
    await suspend(id)
    expect(await directory.find({ id })).toMatchObject({ status: 'suspended' })
  })

  test('a tenant without an earlier answer gets SERVICE_UNAVAILABLE', async () => {
    await using directory = openDirectory({}, 'postgres://app_user:x@127.0.0.1:1/nowhere')
    expect(await failureOf(Promise.resolve(directory.find({ slug: 'acme' })))).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    })
  })

  test('a database without find_tenant() gets SERVICE_UNAVAILABLE', async () => {
    const { appUrl } = await createBareDatabase()
    await using directory = openDirectory({}, appUrl)
    expect(await failureOf(Promise.resolve(directory.find({ slug: 'acme' })))).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    })
  })

  test('a query uses a new connection after the old one was cut', async () => {
    await using cable = await openCable()
    await using directory = openDirectory({}, cable.url)
    const { slug } = await register()
    await directory.find({ slug: slug })
    const [row] = await owner`
      select pid from pg_stat_activity where query ~ 'find_tenant' and pid <> pg_backend_pid() order by query_start desc`
    await cable.cut(row?.pid)
    directory.pass(5000)
    expect(await directory.find({ slug: slug })).toMatchObject({ slug })
    directory.pass(5000)
    expect(await directory.find({ slug: slug })).toMatchObject({ slug })
  })
})

test('a superuser login uses the serving role for the query only', async () => {
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
  expect(await directory.find({ slug: slug })).toMatchObject({ id })
  expect([roles, connections.sent.at(-1)]).toEqual([['app_user', 'transaction'], 'commit'])
  await directory.close()
})

describe('the tenant middleware with a directory', () => {
  const appWith = (directory: TenantOptions['directory'], yields: 'id' | 'slug') => {
    const from = {
      label: 'X-Tenant',
      missing: 'X-Tenant is required',
      extract: (c: { req: { header(name: string): string | undefined } }) => {
        const value = c.req.header('X-Tenant')
        if (value === undefined) return undefined
        return yields === 'id' ? { id: value } : { slug: value }
      },
    }
    const app = new Hono()
    app.use(tenant({ from, auth: unverified(), directory, directoryRequired: true, ...tenantIds }))
    app.get('/', (c) => c.text('served'))
    app.onError((error, c) => c.text(error.message, 403))
    return async (value: string) => await (await app.request('/', { headers: { 'X-Tenant': value } })).text()
  }

  test('accepts a tenant by its name, and rejects a suspended or unknown one', async () => {
    await using directory = openDirectory()
    const send = appWith(directory, 'slug')
    const [active, suspended] = [await register(), await register()]
    await suspend(suspended.id)
    expect([await send(active.slug), await send(suspended.slug), await send('unknown')]).toEqual([
      'served',
      'This tenant is suspended',
      'This tenant is not known',
    ])
  })

  test('lets a request end that is running while its tenant is suspended, and rejects the next one after five seconds', async () => {
    await using directory = openDirectory()
    const { id } = await register()
    const [arrived, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const app = new Hono()
    app.use(tenant({ from: header('X-Tenant'), auth: unverified(), directory, ...tenantIds }))
    app.get('/', async (c) => {
      arrived.resolve()
      await released.promise
      return c.text('served')
    })
    app.onError((error, c) => c.text(error.message, 403))
    const send = async () => await (await app.request('/', { headers: { 'X-Tenant': id } })).text()
    const running = send()
    await arrived.promise
    await suspend(id)
    directory.pass(5000)
    expect(await send()).toBe('This tenant is suspended')
    released.resolve()
    expect(await running).toBe('served')
  })

  test('rejects a suspended tenant by its id too', async () => {
    await using directory = openDirectory()
    const { id } = await register()
    await suspend(id)
    expect(await appWith(directory, 'id')(respelled(id))).toBe('This tenant is suspended')
  })
})
