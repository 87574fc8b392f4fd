import { describe, expect, test } from 'bun:test'
import { SignJWT } from 'jose'
import { gateway, jwt, oneOf, session, unverified } from '../../src/auth/index.ts'
import type { Authentication } from '../../src/context/index.ts'
import { newTenant } from '../tenants.ts'
import { createProtectedApp } from './app.ts'

// A caller with several credentials, or with a wrong one, must never be authenticated by the weaker of two ways.

const [ofToken, ofSession, ofGateway] = [newTenant(), newTenant(), newTenant()]
const secret = 'a secret that issuer and service share'
const proof = 'a secret that gateway and service share'
const token = await new SignJWT({ iss: 'issuer', aud: 'api', sub: 'alice', exp: 1e10, tenant_id: ofToken })
  .setProtectedHeader({ alg: 'HS256' })
  .sign(new TextEncoder().encode(secret))

const byToken = jwt({ key: { secret }, issuer: 'issuer', audience: 'api' })
const byGateway = gateway({ header: 'X-Gateway-Secret', secrets: [proof], actorHeader: 'X-User-Id' })
let asked = 0
const bySession = session(
  (c) => {
    asked++
    return c.req.header('Cookie')?.includes('session=good') ? { actor: 'sam', tenants: [ofSession] } : undefined
  },
  { cookies: ['session'] },
)
const service = createProtectedApp(oneOf(byToken, bySession, byGateway))

const bearer = { Authorization: `Bearer ${token}` }
const cookie = { Cookie: 'theme=dark; session=good' }
const fromGateway = { 'X-Gateway-Secret': proof, 'X-User-Id': 'gil', 'X-Tenant-Id': ofGateway }

describe('oneOf()', () => {
  test.each([
    ['a token', bearer, ofToken, 'alice'],
    ['a session', cookie, ofSession, 'sam'],
    ['the proof of the gateway', fromGateway, ofGateway, 'gil'],
  ])('authenticates a request with %s', async (_, headers, tenantId, actor) => {
    expect(await (await service.get(headers)).json()).toMatchObject({ tenantId, actor })
  })

  test.each([
    ['a token and a session', { ...bearer, ...cookie }, 'Authorization or Cookie'],
    ['a wrong token and a session', { Authorization: 'Bearer x', ...cookie }, 'Authorization or Cookie'],
    ['a token and a wrong session', { ...bearer, Cookie: 'session=' }, 'Authorization or Cookie'],
    ['another scheme and a session', { Authorization: 'Basic YTpi', ...cookie }, 'Authorization or Cookie'],
    ['a token and the proof of the gateway', { ...bearer, ...fromGateway }, 'Authorization or X-Gateway-Secret'],
    ['a session and a wrong proof', { ...cookie, 'X-Gateway-Secret': 'x' }, 'Cookie or X-Gateway-Secret'],
    ['all three', { ...bearer, ...cookie, ...fromGateway }, 'Authorization or Cookie'],
  ])('refuses a request with %s', async (_, headers, both) => {
    const [before, response] = [asked, await service.get(headers)]
    expect([response.status, asked - before]).toEqual([400, 0])
    expect((await response.json()).error).toEqual({
      code: 'BAD_REQUEST',
      message: `Send one credential: ${both}, not both`,
    })
  })

  test.each([
    ['a wrong token', { Authorization: `Bearer ${token}x` }, 401],
    ['an empty token', { Authorization: 'Bearer ' }, 401],
    ['an unknown session', { Cookie: 'session=bad' }, 401],
    ['a wrong proof', { ...fromGateway, 'X-Gateway-Secret': 'x'.repeat(40) }, 403],
    ['an empty proof', { ...fromGateway, 'X-Gateway-Secret': '' }, 403],
  ])('refuses a request with %s, and asks no other authentication', async (_, headers, status) => {
    const asking = oneOf(byToken, bySession, byGateway, {
      vary: [],
      credential: { label: 'X-Debug', isIn: () => false },
      verify: () => ({ tenants: 'any' }),
    })
    const { get } = createProtectedApp(asking)
    expect((await get({ 'X-Tenant-Id': ofToken, ...headers })).status).toBe(status)
  })

  test('refuses a request without a credential, with the challenges of all', async () => {
    const { get, failures } = createProtectedApp(oneOf(byToken, bySession, byGateway))
    const response = await get({ 'X-Tenant-Id': ofToken, 'X-User-Id': 'gil', Cookie: 'theme=dark' })
    expect([response.status, failures]).toEqual([401, ['no-token']])
    expect(response.headers.get('WWW-Authenticate')).toBe('Bearer realm="rowhouse", Cookie realm="rowhouse"')
    expect((await response.json()).error.message).toBe(
      'A credential is required: Authorization or Cookie or X-Gateway-Secret',
    )
  })

  test('adds the headers of all to Vary', async () => {
    expect((await service.get(bearer)).headers.get('Vary')).toBe('X-Tenant-Id, Authorization, Cookie')
  })

  const withoutCredential: Authentication = { vary: [], verify: () => ({ tenants: 'any' }) }
  test.each([
    ['one authentication', () => oneOf(byToken)],
    ['unverified(), to which every request would fall through', () => oneOf(byToken, unverified({}))],
    ['an authentication without a credential', () => oneOf(byToken, withoutCredential)],
    [
      'two that read the same header',
      () =>
        oneOf(
          byToken,
          session(() => null, { header: 'authorization' }),
        ),
    ],
    ['oneOf() itself', () => oneOf(byToken, oneOf(bySession, byGateway))],
  ])('throws for %s', (_, create) => {
    expect(create).toThrow(TypeError)
  })
})
