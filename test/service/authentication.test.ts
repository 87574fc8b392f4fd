import { describe, expect, test } from 'bun:test'
import { SignJWT } from 'jose'
import { createAuthentication } from '../../src/service/authentication.ts'
import { loadConfig } from '../../src/service/config/config.ts'
import { createProtectedApp } from '../auth/app.ts'
import { newTenant } from '../tenants.ts'

// The authentication that the settings make.

const log = { info() {}, warn() {}, error() {} }
const secret = 'a secret that issuer and service share'
const proof = 'a secret that gateway and service share'
const settings = {
  ...{ DATABASE_URL: 'postgres://app_user:secret@localhost/app', AUTH: 'jwt,gateway', JWT_SECRET: secret },
  ...{ JWT_ISSUER: 'issuer', JWT_AUDIENCE: 'api', GATEWAY_SECRET: proof.replaceAll(' ', '-') },
}
const tenantId = newTenant()
const token = await new SignJWT({
  iss: 'issuer',
  aud: 'api',
  sub: 'alice',
  exp: 1e10,
  tenant_id: tenantId,
  role: 'boss',
})
  .setProtectedHeader({ alg: 'HS256' })
  .sign(new TextEncoder().encode(secret))
const bearer = { Authorization: `Bearer ${token}` }
const fromGateway = { 'X-Gateway-Secret': settings.GATEWAY_SECRET, 'X-Tenant-Id': tenantId, 'X-Role': 'owner' }

async function open(more: Record<string, string> = {}) {
  const { auth } = loadConfig({ ...settings, ...more })
  return createProtectedApp(await createAuthentication(auth, log))
}

describe('AUTH=jwt,gateway', () => {
  test('accepts a token and a gateway, and refuses both at once', async () => {
    const { get } = await open()
    const statuses = [bearer, fromGateway, { ...bearer, ...fromGateway }, { 'X-Tenant-Id': tenantId }].map(
      async (headers) => (await get(headers)).status,
    )
    expect(await Promise.all(statuses)).toEqual([200, 200, 400, 401])
  })

  test('reads roles where the settings say', async () => {
    const { get } = await open({ JWT_ROLE_CLAIM: 'role', JWT_OWNER_ROLES: 'boss', GATEWAY_ROLE_HEADER: 'X-Role' })
    expect((await (await get(bearer)).json()).identity.tenants).toEqual([{ id: tenantId, roles: ['owner'] }])
    expect((await (await get(fromGateway)).json()).identity).toEqual({ tenants: 'any', roles: ['owner'] })
  })
})

describe('what the kit refuses is reported by the name of the setting', () => {
  const jwt = { AUTH: 'jwt', GATEWAY_SECRET: '' }
  const gateway = { AUTH: 'gateway', JWT_SECRET: '', JWT_ISSUER: '', JWT_AUDIENCE: '', GATEWAY_SECRET: '' }
  const pem = `-----BEGIN PUBLIC KEY----- ${'x'.repeat(32)}`
  test.each<[Record<string, string>, string]>([
    [{ ...jwt, JWT_TENANT_CLAIM: '/a/*/b/*' }, 'JWT_TENANT_CLAIM must have one * at most (got "/a/*/b/*")'],
    [{ ...jwt, JWT_TENANT_CLAIM: '/a~b' }, 'JWT_TENANT_CLAIM must be a JSON pointer'],
    [{ ...jwt, JWT_ROLE_CLAIM: '/a/*/b' }, 'JWT_ROLE_CLAIM can have a * only where the claim of the tenants has one'],
    [{ AUTH: 'jwt,gateway', JWT_ROLE_CLAIM: '/a~b' }, 'JWT_ROLE_CLAIM must be a JSON pointer'],
    [{ ...jwt, JWT_ALGORITHMS: 'none' }, 'JWT_ALGORITHMS: the key cannot verify "none"'],
    [{ ...jwt, JWT_ALGORITHMS: 'HS512' }, 'JWT_SECRET must have at least 64 bytes'],
    [{ ...jwt, JWT_SECRET: pem }, 'JWT_SECRET must not be a PEM: pass a public key as JWT_PUBLIC_KEY'],
    [{ ...jwt, JWT_SECRET: '', JWT_PUBLIC_KEY: 'no key' }, 'JWT_PUBLIC_KEY must be a PEM'],
    [{ ...jwt, JWT_SECRET: '', JWT_JWKS_URL: 'https://ada:x@a.example' }, 'JWT_JWKS_URL must not contain credentials'],
    [
      { ...gateway, GATEWAY_CERTIFICATE: 'CN=ä', GATEWAY_CERTIFICATE_HEADER: 'X-Cert' },
      'GATEWAY_SECRET and GATEWAY_CERTIFICATE must be visible ASCII',
    ],
    [{ ...gateway, GATEWAY_SECRET: 'ä'.repeat(32) }, 'GATEWAY_SECRET and GATEWAY_CERTIFICATE must be visible ASCII'],
  ])('%o', async (more, problem) => {
    const message = await open(more).then(
      () => 'It starts',
      ({ message }: Error) => message,
    )
    expect(message).toStartWith(`Invalid configuration:\n  - ${problem}`)
  })
})
