import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { jwt, type RemoteKeysOptions } from '../../src/auth/index.ts'
import { unverified } from '../../src/context/index.ts'
import { createProtectedApp, statusOf, until } from './app.ts'
import { createIssuer, newKey, type SigningKey, sign } from './issuer.ts'

const tenantId = crypto.randomUUID()
const first = await newKey()
const second = await newKey()
const token = (key: SigningKey, header: object = {}) =>
  sign(key, { iss: 'issuer', aud: 'api', sub: 'alice', exp: 1e10, tenant_id: tenantId }, header)
const ofFirst = await token(first)
const ofSecond = await token(second)

let clock = 0
let issuer = createIssuer()
let service = createProtectedApp(unverified())

function start(key: Partial<RemoteKeysOptions> = {}) {
  service = createProtectedApp(
    jwt({
      key: { jwksUrl: issuer.jwksUrl, ...key },
      issuer: 'issuer',
      audience: 'api',
      rememberMs: 0,
      now: () => clock,
    }),
  )
}

beforeEach(() => {
  clock = Date.UTC(2026, 0, 1)
  issuer = createIssuer(first)
  start()
})
afterEach(() => issuer.stop())

const send = (bearer: string) => statusOf(service.withToken(bearer))
const seconds = (count: number) => {
  clock += count * 1000
}

describe('the issuer’s keys', () => {
  test('are fetched at the first well-formed token, once for all that arrive together', async () => {
    await send('garbage')
    expect(issuer.fetches()).toBe(0)
    expect(await Promise.all(Array.from({ length: 50 }, () => send(ofFirst)))).toEqual(Array(50).fill(200))
    expect(issuer.fetches()).toBe(1)
  })

  test('are fetched after a rotation without a restart', async () => {
    await send(ofFirst)
    issuer.publish(first.jwk, second.jwk)
    seconds(10)
    expect(await send(ofSecond)).toBe(200)
    expect(await send(ofFirst)).toBe(200)
    expect(issuer.fetches()).toBe(2)
  })

  test('are fetched once per cooldown, whatever kids arrive', async () => {
    for (let round = 0; round < 3; round++) {
      const bearers = Array.from({ length: 40 }, () => token(first, { kid: crypto.randomUUID() }))
      for (const bearer of bearers) expect(await send(await bearer)).toBe(401)
      seconds(10)
    }
    expect(issuer.fetches()).toBe(3)
    expect(new Set(service.failures)).toEqual(new Set(['unknown-key']))
  })

  test('are used during a refresh, and a removed one is not used after it', async () => {
    await send(ofFirst)
    issuer.publish(second.jwk)
    seconds(300)
    const release = issuer.hold()
    expect(await send(ofFirst)).toBe(200)
    release()
    await until(async () => (await send(ofFirst)) === 401)
    expect(await send(ofSecond)).toBe(200)
    expect(issuer.fetches()).toBe(2)
  })

  test('are fetched before the first token after a long time without requests', async () => {
    await send(ofFirst)
    issuer.publish(second.jwk)
    seconds(600)
    expect(await send(ofFirst)).toBe(401)
  })

  test('are fetched again when the clock was set back', async () => {
    await send(ofFirst)
    issuer.publish(first.jwk, second.jwk)
    seconds(-3600)
    expect(await send(ofSecond)).toBe(200)
  })

  test('are all tried when they have no kid', async () => {
    const withoutKid = await newKey()
    issuer.publish(
      { ...first.jwk, kid: undefined },
      { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' },
      { ...withoutKid.jwk, kid: undefined },
    )
    expect(await send(await token(withoutKid, { kid: undefined }))).toBe(200)
    expect(await send(await token(second, { kid: undefined }))).toBe(401)
  })

  test('are used when unusable ones are among them', async () => {
    const odd = [
      null,
      'key',
      [],
      {},
      { kty: 'LWE' },
      { kty: 'oct', k: 'AAAA' },
      { kty: 'EC', crv: 'P-0', kid: first.kid },
    ]
    issuer.publish(...odd, first.jwk)
    expect(await send(ofFirst)).toBe(200)
  })

  test('do not include a private key that was published by mistake', async () => {
    const leaked = await crypto.subtle.exportKey('jwk', first.privateKey)
    issuer.publish({ ...leaked, kid: first.kid, key_ops: undefined })
    expect(await send(ofFirst)).toBe(401)
  })
})
