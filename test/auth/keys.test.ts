import { describe, expect, test } from 'bun:test'
import { exportJWK, exportPKCS8, exportSPKI, generateKeyPair, SignJWT } from 'jose'
import { type JwtKey, type JwtOptions, jwt } from '../../src/auth/index.ts'
import { newTenant } from '../tenants.ts'
import { createProtectedApp, statusOf } from './app.ts'
import { newKey, sign } from './issuer.ts'

const options = { issuer: 'issuer', audience: 'api' }
const payload = { iss: 'issuer', aud: 'api', sub: 'alice', exp: 1e10, tenant_id: newTenant() }
const secret = 's'.repeat(64)
const withSecret = (alg: string, by = secret) =>
  new SignJWT(payload).setProtectedHeader({ alg }).sign(new TextEncoder().encode(by))
const rsa = await newKey('RS256')
const pem = await exportSPKI(rsa.publicKey)
const answer = (key: JwtKey, token: string, more: Partial<JwtOptions> = {}) =>
  statusOf(createProtectedApp(jwt({ ...options, ...more, key })).withToken(token))

describe('a public key', () => {
  const algorithms = [
    'RS256',
    'RS384',
    'RS512',
    'PS256',
    'PS384',
    'PS512',
    'ES256',
    'ES384',
    'ES512',
    'EdDSA',
    'Ed25519',
  ]

  test.each(algorithms)('in PEM verifies %s', async (alg) => {
    const key = await newKey(alg)
    expect(await answer({ publicKey: await exportSPKI(key.publicKey) }, await sign(key, payload))).toBe(200)
  })

  test.each(algorithms)('as a JWK verifies %s', async (alg) => {
    const key = await newKey(alg)
    expect(await answer({ publicKey: JSON.stringify(key.jwk) }, await sign(key, payload))).toBe(200)
  })

  test('may have its line breaks written as \\n, as in an environment variable', async () => {
    expect(await answer({ publicKey: `\n${pem.replaceAll('\n', '\\n')} ` }, await sign(rsa, payload))).toBe(200)
  })

  test('verifies a token with any kid', async () => {
    expect(await answer({ publicKey: JSON.stringify(rsa.jwk) }, await sign(rsa, payload, { kid: 'another' }))).toBe(200)
  })

  test('rejects a token that is signed with the key’s text as secret', async () => {
    expect(await answer({ publicKey: pem }, await withSecret('HS256', pem))).toBe(401)
    expect(
      await answer({ publicKey: JSON.stringify(rsa.jwk) }, await withSecret('HS256', JSON.stringify(rsa.jwk))),
    ).toBe(401)
  })

  test('with an alg verifies only this algorithm', async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS512', { extractable: true })
    const jwk = JSON.stringify({ ...(await exportJWK(publicKey)), alg: 'RS256' })
    expect(await answer({ publicKey: jwk }, await sign({ ...rsa, alg: 'RS512', privateKey }, payload))).toBe(401)
  })

  test('verifies only the algorithms of the options', async () => {
    const token = await sign(rsa, payload)
    expect(await answer({ publicKey: pem }, token, { algorithms: ['PS256', 'RS256'] })).toBe(200)
    expect(await answer({ publicKey: pem }, token, { algorithms: ['PS256'] })).toBe(401)
  })

  test('rejects algorithms of other kinds of keys', async () => {
    expect(await answer({ publicKey: pem }, await sign(await newKey('ES256'), payload))).toBe(401)
    expect(await answer({ publicKey: pem }, await sign(await newKey('EdDSA'), payload))).toBe(401)
  })
})

describe('a secret', () => {
  test('verifies HS256', async () => {
    expect(await answer({ secret }, await withSecret('HS256'))).toBe(200)
    expect(await answer({ secret }, await withSecret('HS256', secret.toUpperCase()))).toBe(401)
  })

  test.each(['HS384', 'HS512'])('verifies %s only when the options allow it', async (alg) => {
    expect(await answer({ secret }, await withSecret(alg))).toBe(401)
    expect(await answer({ secret }, await withSecret(alg), { algorithms: [alg] })).toBe(200)
  })

  test('is measured in bytes', () => {
    expect(() => jwt({ ...options, key: { secret: 'ä'.repeat(16) } })).not.toThrow()
  })
})

const ec = await newKey('ES256')
const short = await crypto.subtle.generateKey(
  { name: 'RSASSA-PKCS1-v1_5', modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
  true,
  ['sign', 'verify'],
)
const agreement = await generateKeyPair('ECDH-ES', { crv: 'X25519', extractable: true })
const https = { jwksUrl: 'https://issuer.example/jwks' }
const unsafe: [string, Partial<Record<keyof JwtOptions, unknown>>][] = [
  ['no key', { key: {} }],
  ['two keys', { key: { secret, publicKey: pem } }],
  ['two sources of keys', { key: { ...https, secret } }],
  ['a short secret', { key: { secret: 's'.repeat(31) } }],
  ['a secret too short for HS384', { key: { secret: 's'.repeat(47) }, algorithms: ['HS256', 'HS384'] }],
  ['a public key as secret', { key: { secret: pem } }],
  ['HS256 with a public key', { key: { publicKey: pem }, algorithms: ['RS256', 'HS256'] }],
  ['HS256 with published keys', { key: https, algorithms: ['RS256', 'HS256'] }],
  ['RS256 with a secret', { key: { secret }, algorithms: ['RS256'] }],
  ['ES256 with an RSA key', { key: { publicKey: pem }, algorithms: ['ES256'] }],
  ['RS512 with a key for RS256', { key: { publicKey: JSON.stringify(rsa.jwk) }, algorithms: ['RS512'] }],
  ...['none', 'None', '', 'toString'].flatMap((none): (typeof unsafe)[number][] =>
    [https, { publicKey: pem }, { secret }].map((key) => [`the algorithm "${none}"`, { key, algorithms: [none] }]),
  ),
  ['an empty list of algorithms', { key: https, algorithms: [] }],
  ['an empty public key', { key: { publicKey: '' } }],
  ['an invalid public key', { key: { publicKey: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----' } }],
  ['a private key as PEM', { key: { publicKey: await exportPKCS8(ec.privateKey) } }],
  ['a private key as JWK', { key: { publicKey: JSON.stringify(await exportJWK(ec.privateKey)) } }],
  ['a JWK for encryption', { key: { publicKey: JSON.stringify({ ...rsa.jwk, use: 'enc' }) } }],
  ['a JWK that is broken JSON', { key: { publicKey: '{"kty":"RSA"' } }],
  ['a JWK that is a secret', { key: { publicKey: JSON.stringify({ kty: 'oct', k: secret }) } }],
  ['an empty JWK', { key: { publicKey: '{}' } }],
  ['an RSA key of 1024 bits', { key: { publicKey: await exportSPKI(short.publicKey) } }],
  ['a key for key agreement', { key: { publicKey: await exportSPKI(agreement.publicKey) } }],
  ...[
    '',
    'jwks',
    'http://issuer.example/',
    'http://10.0.0.1/',
    'http://localhost.example/',
    'file:///etc/jwks',
    'https://a:b@issuer.example/',
  ].map((jwksUrl): (typeof unsafe)[number] => [`the URL "${jwksUrl}"`, { key: { jwksUrl } }]),
  ...[
    { timeoutMs: 0 },
    { cooldownMs: -1 },
    { refreshMs: Number.NaN },
    { staleMs: 1.5 },
    { refreshMs: 9999 },
    { staleMs: 299_999 },
  ].map((times): (typeof unsafe)[number] => [`the times ${JSON.stringify(times)}`, { key: { ...https, ...times } }]),
  ['no issuer', { issuer: undefined }],
  ['a list with an issuer that is undefined', { issuer: ['issuer', undefined] }],
  ['an empty issuer', { issuer: '' }],
  ['an empty list of issuers', { issuer: [] }],
  ['no audience, as of a variable that is not set', { audience: undefined }],
  ['an audience that is null', { audience: null }],
  ['a list with an audience that is undefined', { audience: [undefined] }],
  ['an empty audience', { audience: '' }],
  ['an empty list of audiences', { audience: [] }],
  ['a list with an empty audience', { audience: ['api', ''] }],
  ['a negative clock skew', { clockSkewSeconds: -1 }],
  ['a clock skew that is not a number', { clockSkewSeconds: Number.NaN }],
  ['a clock skew of a day', { clockSkewSeconds: 86_400 }],
  ['a realm with a quote', { realm: 'a", error="' }],
]

describe('jwt()', () => {
  test.each(unsafe)('rejects %s', (_, changes) => {
    const wrong = { ...options, key: https, ...changes } as JwtOptions // what JavaScript or a configuration may pass
    expect(() => jwt(wrong)).toThrow(TypeError)
  })

  test('may be fetched over http from another machine with allowHttp', () => {
    const jwksUrl = 'http://keycloak:8080/certs'
    expect(() => jwt({ ...options, key: { jwksUrl, allowHttp: true } })).not.toThrow()
    expect(() => jwt({ ...options, key: { jwksUrl: 'ftp://keycloak/certs', allowHttp: true } })).toThrow('jwksUrl must')
  })

  test.each(['https://issuer.example/jwks', 'http://localhost:1/', 'http://127.0.0.1:1/', 'http://[::1]:1/'])(
    'accepts the URL %s',
    (jwksUrl) => {
      expect(() => jwt({ ...options, key: { jwksUrl } })).not.toThrow()
    },
  )

  test('does not quote the key in its error', async () => {
    const jwk = JSON.stringify(await exportJWK(ec.privateKey)).replace('"kty":"EC"', '"kty":"no"')
    const create = () => jwt({ ...options, key: { publicKey: jwk } })
    expect(create).toThrow('key.publicKey cannot be parsed')
  })
})
