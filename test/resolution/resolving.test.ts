import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { type Authentication, AuthenticationFailure, type Identity, unverified } from '../../src/context/index.ts'
import {
  claim,
  firstOf,
  header,
  subdomain,
  type TenantListeners,
  type TenantOptions,
  tenant,
} from '../../src/resolution/index.ts'
import { newTenant, respelled, tenantIdMust, tenantIds } from '../tenants.ts'
import { directoryOf, newApp, newEntry } from './app.ts'

const from = header('X-Tenant-Id')
const acme = newEntry('acme')
const globex = newEntry('globex')
const suspended = newEntry('paused', 'suspended')
const directory = directoryOf(acme, globex, suspended)
const authOf = (identity: Identity): Authentication => ({ vary: ['Authorization'], verify: () => identity })
const failingAuth: Authentication = {
  vary: ['Authorization'],
  verify: () => {
    throw new AuthenticationFailure('expired', 'UNAUTHORIZED')
  },
}

/** Without the timestamp, which differs between two otherwise equal responses. */
async function read(response: Response) {
  const { timestamp: _, ...body } = await response.json()
  return { status: response.status, body, vary: response.headers.get('Vary') }
}

/** Sends a request with a tenant in its header. */
async function send(options: Partial<TenantOptions>, id?: string) {
  const headers: Record<string, string> = id === undefined ? {} : { 'X-Tenant-Id': id }
  return await read(await newApp({ from, ...options }).request('/', { headers }))
}

/** Sends a request with a tenant in its host. */
async function sendToHost(name: string, options: Partial<TenantOptions> = { directory }) {
  const app = newApp({ from: subdomain({ domain: 'example.com' }), ...options })
  return await read(await app.request(`http://${name}.example.com/`))
}

describe('with a tenant directory', () => {
  test('a name is mapped to its tenant', async () => {
    expect((await sendToHost('acme')).body).toMatchObject({ tenantId: acme.id })
  })

  test('an unknown name is rejected', async () => {
    const message = 'This tenant is not known'
    expect(await sendToHost('unknown')).toMatchObject({ status: 403, body: { error: { code: 'FORBIDDEN', message } } })
  })

  test.each(['name', 'id'])('a suspended tenant is rejected by its %s, with the reason', async (by) => {
    const answer = by === 'id' ? await send({ directory }, suspended.id) : await sendToHost('paused')
    const message = 'This tenant is suspended'
    expect(answer).toMatchObject({ status: 403, body: { error: { code: 'FORBIDDEN', message } } })
  })

  test('an unknown id is accepted', async () => {
    const id = newTenant()
    expect((await send({ directory }, id)).body).toMatchObject({ tenantId: id })
  })

  test('an unknown id is rejected when the directory is required', async () => {
    expect((await send({ directory, directoryRequired: true }, newTenant())).status).toBe(403)
    expect((await send({ directory, directoryRequired: true }, acme.id)).status).toBe(200)
  })
})

describe('without a tenant directory', () => {
  test.each([subdomain(), firstOf(from, subdomain())])(
    'tenant() rejects an extractor that yields names (%#)',
    (extractor) => {
      expect(() => tenant({ from: extractor, auth: unverified(), ...tenantIds })).toThrow(TypeError)
    },
  )

  test('a claim that is no id is malformed', async () => {
    const auth = authOf({ tenants: ['_org_2Nx'] })
    expect((await send({ from: claim(), auth })).body).toMatchObject({
      statusCode: 400,
      error: { message: `claim must be one tenant id: ${tenantIdMust}` },
    })
  })
})

describe('a caller with a list of tenants', () => {
  const auth = authOf({ actor: 'ada', tenants: [respelled(acme.id)] })
  const bySlug = authOf({ tenants: [{ slug: 'acme' }] })

  test('may act for each of them', async () => {
    expect((await send({ auth }, acme.id)).body).toMatchObject({ tenantId: acme.id, actor: 'ada' })
  })

  test.each([true, false])(
    'gets the same response for an existing and an absent id of another tenant (required: %p)',
    async (directoryRequired) => {
      const answers = [globex.id, suspended.id, newTenant()].map((id) =>
        send({ auth, directory, directoryRequired }, id),
      )
      const [first, ...others] = await Promise.all(answers)
      expect(first).toMatchObject({
        status: 403,
        body: { error: { message: 'Your credentials are not for this tenant' } },
      })
      for (const other of others) expect(other).toEqual(first as NonNullable<typeof first>) // three were asked for
    },
  )

  test('gets the same response for an existing and an absent name of another tenant', async () => {
    const [first, ...others] = await Promise.all(
      ['globex', 'paused', 'unknown'].map((name) => sendToHost(name, { auth, directory })),
    )
    expect(first?.status).toBe(403)
    for (const other of others) expect(other).toEqual(first as NonNullable<typeof first>) // three were asked for
  })

  test('gets the reason when its own tenant is suspended', async () => {
    const answer = await send({ auth: authOf({ tenants: [suspended.id] }), directory }, suspended.id)
    expect(answer.body).toMatchObject({ error: { message: 'This tenant is suspended' } })
  })

  test('may have them by name, which the directory maps to an id', async () => {
    expect((await send({ auth: bySlug, directory }, acme.id)).body).toMatchObject({ tenantId: acme.id })
    expect((await send({ auth: bySlug, directory }, globex.id)).status).toBe(403)
  })

  test('is refused as a fault of the service with slugs when there is no directory', async () => {
    expect((await send({ auth: bySlug }, acme.id)).status).toBe(500)
  })

  test('may act for a claimed id only, even if another tenant has that id as its name', async () => {
    const impostor = newEntry(acme.id)
    const own = authOf({ tenants: [acme.id] })
    expect((await send({ auth: own, directory: directoryOf(impostor, acme) }, impostor.id)).status).toBe(403)
  })

  test('may act for no tenant when the list is empty', async () => {
    expect((await send({ auth: authOf({ tenants: [] }) }, acme.id)).status).toBe(403)
  })
})

test('a caller who may act for any tenant acts for the one that the request names, as behind a gateway', async () => {
  expect((await send({ auth: authOf({ actor: 'ada', tenants: 'any' }) }, acme.id)).body).toMatchObject({
    tenantId: acme.id,
  })
})

test('the response to an unauthenticated caller does not depend on the tenant', async () => {
  const answers = await Promise.all(
    [acme.id, suspended.id, '_nonsense', undefined].map((id) => send({ auth: failingAuth }, id)),
  )
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  expect(answers[0]).toMatchObject({ status: 401, body: { error: { code: 'UNAUTHORIZED' } } })
})

test('Vary names the headers of the extractor and the authentication, after those of earlier middleware', async () => {
  expect((await send({ auth: failingAuth }, acme.id)).vary).toBe('X-Tenant-Id, Authorization')
  const app = new Hono()
  app.use((c, next) => {
    c.header('Vary', 'Origin')
    return next()
  })
  app.get('/', tenant({ from, auth: unverified(), ...tenantIds }), (c) => c.text(''))
  const response = await app.request('/', { headers: { 'X-Tenant-Id': acme.id } })
  expect(response.headers.get('Vary')).toBe('Origin, X-Tenant-Id')
})

describe('a listener', () => {
  /** The events of one request. */
  async function eventsOf(options: Partial<TenantOptions>, id?: string): Promise<unknown[]> {
    const events: unknown[] = []
    const listen = (event: unknown) => void events.push(event)
    await send(
      { directory, ...options, onTenantResolved: listen, onTenantNotFound: listen, onAuthenticationFailed: listen },
      id,
    )
    return events
  }
  const requestId = 'r-1'

  test('gets the resolved tenant with its actor and place', async () => {
    const auth = authOf({ actor: 'ada', tenants: [{ slug: 'acme' }] })
    expect(await eventsOf({ auth }, acme.id)).toEqual([
      { type: 'tenant-resolved', tenantId: acme.id, actor: 'ada', from: 'X-Tenant-Id', requestId },
    ])
  })

  test.each([
    ['absent', undefined],
    ['malformed', '_nonsense'],
    ['unknown', newTenant()],
    ['suspended', suspended.id],
  ])('gets the reason for a tenant that is %s', async (reason, id) => {
    expect(await eventsOf({ directoryRequired: true }, id)).toEqual([
      { type: 'tenant-not-found', reason, from: 'X-Tenant-Id', requestId },
    ])
  })

  test('gets the reason of a failed authentication', async () => {
    expect(await eventsOf({ auth: failingAuth }, acme.id)).toEqual([
      { type: 'authentication-failed', reason: 'expired', actor: undefined, requestId },
    ])
  })

  test('gets the actor of a request for another tenant', async () => {
    expect(await eventsOf({ auth: authOf({ actor: 'ada', tenants: [{ slug: 'acme' }] }) }, globex.id)).toEqual([
      { type: 'authentication-failed', reason: 'other-tenant', actor: 'ada', requestId },
    ])
  })

  const failing: [string, () => unknown][] = [
    [
      'throws',
      () => {
        throw new Error('The listener failed')
      },
    ],
    ['rejects', () => Promise.reject(new Error('The listener failed'))],
  ]
  describe.each(failing)('that %s', (_how, fail) => {
    const listeners: TenantListeners = { onTenantResolved: fail, onTenantNotFound: fail, onAuthenticationFailed: fail }

    test('fails no request, and its error is reported', async () => {
      const reported: unknown[] = []
      const all = { directory, ...listeners, onListenerError: (error: unknown) => void reported.push(error) }
      expect((await send(all, acme.id)).status).toBe(200)
      expect((await send(all, '_nonsense')).status).toBe(400)
      expect((await send({ ...all, auth: failingAuth }, acme.id)).status).toBe(401)
      expect(reported).toEqual([
        new Error('The listener failed'),
        new Error('The listener failed'),
        new Error('The listener failed'),
      ])
    })

    test('fails no request when onListenerError is absent or fails too', async () => {
      expect((await send(listeners, acme.id)).status).toBe(200)
      const failToo = () => {
        throw new Error('onListenerError failed')
      }
      for (const onListenerError of [failToo, async () => failToo()])
        expect((await send({ ...listeners, onListenerError }, acme.id)).status).toBe(200)
    })
  })
})

test('the actor is in the context', async () => {
  expect((await send({ auth: authOf({ actor: 'ada', tenants: 'any' }) }, acme.id)).body).toMatchObject({ actor: 'ada' })
})
