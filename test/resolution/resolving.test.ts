import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { type Authentication, AuthenticationFailure, type Identity } from '../../src/context/index.ts'
import {
  claim,
  firstOf,
  header,
  subdomain,
  type TenancyListeners,
  type TenantOptions,
  tenant,
} from '../../src/resolution/index.ts'
import { newTenant } from '../database.ts'
import { guarded, registered, registryOf } from './guarded-app.ts'

const from = header('X-Tenant-Id')
const acme = registered('acme')
const globex = registered('globex')
const asleep = registered('asleep', 'suspended')
const directory = registryOf(acme, globex, asleep)
const trusting = (identity: Identity): Authentication => ({ vary: ['Authorization'], verify: () => identity })
const strangers: Authentication = {
  vary: ['Authorization'],
  verify: () => {
    throw new AuthenticationFailure('expired', 'UNAUTHORIZED')
  },
}

/** What an app answers to a request that names a tenant in its header. */
async function ask(options: Partial<TenantOptions>, id?: string) {
  const headers: Record<string, string> = id === undefined ? {} : { 'X-Tenant-Id': id }
  const response = await guarded({ from, ...options }).request('/', { headers })
  return { status: response.status, body: await response.json(), vary: response.headers.get('Vary') }
}

/** What an app answers to a request that names a tenant in its host. */
async function call(name: string, options: Partial<TenantOptions> = { directory }) {
  const app = guarded({ from: subdomain({ domain: 'example.com' }), ...options })
  const response = await app.request(`http://${name}.example.com/`)
  return { status: response.status, body: await response.json() }
}

describe('with a registry', () => {
  test('a name leads to its tenant', async () => {
    expect((await call('acme')).body).toMatchObject({ tenantId: acme.id })
  })

  test('an unknown name is refused', async () => {
    const message = 'This tenant is not known'
    expect(await call('nobody')).toMatchObject({ status: 403, body: { error: { code: 'FORBIDDEN', message } } })
  })

  test.each(['name', 'id'])('a suspended tenant is refused by its %s, and is told so', async (by) => {
    const answer = by === 'id' ? await ask({ directory }, asleep.id) : await call('asleep')
    const message = 'This tenant is suspended'
    expect(answer).toMatchObject({ status: 403, body: { error: { code: 'FORBIDDEN', message } } })
  })

  test('an id that it does not know is a tenant all the same', async () => {
    const id = newTenant()
    expect((await ask({ directory }, id)).body).toMatchObject({ tenantId: id })
  })

  test('an id that it does not know is refused where it has to', async () => {
    expect((await ask({ directory, directoryRequired: true }, newTenant())).status).toBe(403)
    expect((await ask({ directory, directoryRequired: true }, acme.id)).status).toBe(200)
  })
})

describe('without a registry', () => {
  test.each([subdomain(), firstOf(from, subdomain())])('what gives names is refused when it is made (%#)', (gives) => {
    expect(() => tenant({ from: gives })).toThrow(TypeError)
  })

  test('a name that stands in a claim is of no tenant that is known', async () => {
    const auth = trusting({ tenants: ['acme'] })
    expect((await ask({ from: claim(), auth })).status).toBe(403)
  })
})

describe('a caller with tenants of its own', () => {
  const auth = trusting({ actor: 'ada', tenants: [acme.id.toUpperCase()] })
  const bySlug = trusting({ tenants: ['acme'] })

  test('may act for them', async () => {
    expect((await ask({ auth }, acme.id)).body).toMatchObject({ tenantId: acme.id, actor: 'ada' })
  })

  test.each([true, false])(
    'gets the same answer for another’s whether it exists or not (required: %p)',
    async (must) => {
      const answers = [globex.id, asleep.id, newTenant()].map((id) =>
        ask({ auth, directory, directoryRequired: must }, id),
      )
      const [first, ...others] = await Promise.all(answers)
      expect(first).toMatchObject({
        status: 403,
        body: { error: { message: 'Your credentials are not for this tenant' } },
      })
      for (const other of others) expect(other).toEqual(first as NonNullable<typeof first>) // three were asked for
    },
  )

  test('gets the same answer for another’s name whether it exists or not', async () => {
    const [first, ...others] = await Promise.all(
      ['globex', 'asleep', 'nobody'].map((name) => call(name, { auth, directory })),
    )
    expect(first?.status).toBe(403)
    for (const other of others) expect(other).toEqual(first as NonNullable<typeof first>) // three were asked for
  })

  test('is told when its own is suspended', async () => {
    const answer = await ask({ auth: trusting({ tenants: [asleep.id] }), directory }, asleep.id)
    expect(answer.body).toMatchObject({ error: { message: 'This tenant is suspended' } })
  })

  test('may have them by name: the registry knows which id that is', async () => {
    expect((await ask({ auth: bySlug, directory }, acme.id)).body).toMatchObject({ tenantId: acme.id })
    expect((await ask({ auth: bySlug, directory }, globex.id)).status).toBe(403)
  })

  test('has none by name where nobody knows names', async () => {
    expect((await ask({ auth: bySlug }, acme.id)).status).toBe(403)
  })

  test('has a tenant by its id alone where the claim has that form, whatever another one is called', async () => {
    const trap = registered(acme.id)
    const own = trusting({ tenants: [acme.id] })
    expect((await ask({ auth: own, directory: registryOf(trap, acme) }, trap.id)).status).toBe(403)
  })

  test('may act for none when there is none', async () => {
    expect((await ask({ auth: trusting({ tenants: [] }) }, acme.id)).status).toBe(403)
  })
})

test('a caller without tenants of its own was let through for the one that it names, as behind a gateway', async () => {
  expect((await ask({ auth: trusting({ actor: 'ada' }) }, acme.id)).body).toMatchObject({ tenantId: acme.id })
})

test('a caller that is not believed hears nothing of tenants', async () => {
  const answers = await Promise.all(
    [acme.id, asleep.id, 'nonsense', undefined].map((id) => ask({ auth: strangers }, id)),
  )
  const without = answers.map(({ body: { timestamp: _, ...body }, ...answer }) => ({ ...answer, body }))
  expect(new Set(without.map((answer) => JSON.stringify(answer))).size).toBe(1)
  expect(answers[0]).toMatchObject({ status: 401, body: { error: { code: 'UNAUTHORIZED' } } })
})

test('the answer varies with what decides: the trust check, the extractor, and what others said before', async () => {
  expect((await ask({ auth: strangers }, acme.id)).vary).toBe('X-Tenant-Id, Authorization')
  const app = new Hono()
  app.use((c, next) => {
    c.header('Vary', 'Origin')
    return next()
  })
  app.get('/', tenant({ from }), (c) => c.text(''))
  const response = await app.request('/', { headers: { 'X-Tenant-Id': acme.id } })
  expect(response.headers.get('Vary')).toBe('Origin, X-Tenant-Id')
})

describe('a listener', () => {
  /** The events of one request. */
  async function eventsOf(options: Partial<TenantOptions>, id?: string): Promise<unknown[]> {
    const events: unknown[] = []
    const listen = (event: unknown) => void events.push(event)
    await ask(
      { directory, ...options, onTenantResolved: listen, onTenantNotFound: listen, onAuthenticationFailed: listen },
      id,
    )
    return events
  }
  const requestId = 'r-1'

  test('hears which tenant was resolved, for whom and from where', async () => {
    const auth = trusting({ actor: 'ada', tenants: ['acme'] })
    expect(await eventsOf({ auth }, acme.id)).toEqual([
      { type: 'tenant-resolved', tenantId: acme.id, actor: 'ada', from: 'X-Tenant-Id', requestId },
    ])
  })

  test.each([
    ['absent', undefined],
    ['malformed', 'nonsense'],
    ['unknown', newTenant()],
    ['suspended', asleep.id],
  ])('hears of a tenant that is %s', async (reason, id) => {
    expect(await eventsOf({ directoryRequired: true }, id)).toEqual([
      { type: 'tenant-not-found', reason, from: 'X-Tenant-Id', requestId },
    ])
  })

  test('hears of a caller that is not believed', async () => {
    expect(await eventsOf({ auth: strangers }, acme.id)).toEqual([
      { type: 'authentication-failed', reason: 'expired', actor: undefined, requestId },
    ])
  })

  test('hears who asked for another’s tenant', async () => {
    expect(await eventsOf({ auth: trusting({ actor: 'ada', tenants: ['acme'] }) }, globex.id)).toEqual([
      { type: 'authentication-failed', reason: 'other-tenant', actor: 'ada', requestId },
    ])
  })

  const failing: [string, () => unknown][] = [
    [
      'throws',
      () => {
        throw new Error('deaf')
      },
    ],
    ['rejects', () => Promise.reject(new Error('deaf'))],
  ]
  describe.each(failing)('that %s', (_how, fail) => {
    const listeners: TenancyListeners = { onTenantResolved: fail, onTenantNotFound: fail, onAuthenticationFailed: fail }

    test('breaks no request, and its error is heard of', async () => {
      const heard: unknown[] = []
      const all = { directory, ...listeners, onListenerError: (error: unknown) => void heard.push(error) }
      expect((await ask(all, acme.id)).status).toBe(200)
      expect((await ask(all, 'nonsense')).status).toBe(400)
      expect((await ask({ ...all, auth: strangers }, acme.id)).status).toBe(401)
      expect(heard).toEqual([new Error('deaf'), new Error('deaf'), new Error('deaf')])
    })

    test('breaks no request when nobody hears of its error, or who does fails too', async () => {
      expect((await ask(listeners, acme.id)).status).toBe(200)
      const deaf = () => {
        throw new Error('deaf too')
      }
      for (const onListenerError of [deaf, async () => deaf()])
        expect((await ask({ ...listeners, onListenerError }, acme.id)).status).toBe(200)
    })
  })
})

test('the actor reaches the context', async () => {
  expect((await ask({ auth: trusting({ actor: 'ada' }) }, acme.id)).body).toMatchObject({ actor: 'ada' })
})
