import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { jwt, type RemoteKeysOptions } from '../../src/auth/index.ts'
import { createTrustedApp, statusOf, until } from './app.ts'
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
let service = createTrustedApp({ vary: [], verify: () => ({}) })

function start(key: Partial<RemoteKeysOptions> = {}) {
  service = createTrustedApp(
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

const ask = (bearer: string) => statusOf(service.withToken(bearer))
const seconds = (count: number) => {
  clock += count * 1000
}

describe('the issuer’s keys', () => {
  test('are fetched at the first token that could be right, once for all that arrive together', async () => {
    await ask('garbage')
    expect(issuer.asked()).toBe(0)
    expect(await Promise.all(Array.from({ length: 50 }, () => ask(ofFirst)))).toEqual(Array(50).fill(200))
    expect(issuer.asked()).toBe(1)
  })

  test('are found after a rotation without a restart', async () => {
    await ask(ofFirst)
    issuer.publish(first.jwk, second.jwk)
    seconds(10)
    expect(await ask(ofSecond)).toBe(200)
    expect(await ask(ofFirst)).toBe(200)
    expect(issuer.asked()).toBe(2)
  })

  test('are asked for once a cooldown, whatever kids arrive', async () => {
    for (let round = 0; round < 3; round++) {
      const strangers = Array.from({ length: 40 }, () => token(first, { kid: crypto.randomUUID() }))
      for (const bearer of strangers) expect(await ask(await bearer)).toBe(401)
      seconds(10)
    }
    expect(issuer.asked()).toBe(3)
    expect(new Set(service.refusals)).toEqual(new Set(['unknown-key']))
  })

  test('go on serving while they are refreshed, and a removed one serves no longer after it', async () => {
    await ask(ofFirst)
    issuer.publish(second.jwk)
    seconds(300)
    const release = issuer.hold()
    expect(await ask(ofFirst)).toBe(200)
    release()
    await until(async () => (await ask(ofFirst)) === 401)
    expect(await ask(ofSecond)).toBe(200)
    expect(issuer.asked()).toBe(2)
  })

  test('are not believed once more after a silence in which one was removed', async () => {
    await ask(ofFirst)
    issuer.publish(second.jwk)
    seconds(600)
    expect(await ask(ofFirst)).toBe(401)
  })

  test('are fetched anew when the clock was turned back', async () => {
    await ask(ofFirst)
    issuer.publish(first.jwk, second.jwk)
    seconds(-3600)
    expect(await ask(ofSecond)).toBe(200)
  })

  test('may be several without a kid: each is tried', async () => {
    const nameless = await newKey()
    issuer.publish(
      { ...first.jwk, kid: undefined },
      { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' },
      { ...nameless.jwk, kid: undefined },
    )
    expect(await ask(await token(nameless, { kid: undefined }))).toBe(200)
    expect(await ask(await token(second, { kid: undefined }))).toBe(401)
  })

  test('serve although others among them are of no use', async () => {
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
    expect(await ask(ofFirst)).toBe(200)
  })

  test('are none when a private one was published by mistake', async () => {
    const leaked = await crypto.subtle.exportKey('jwk', first.privateKey)
    issuer.publish({ ...leaked, kid: first.kid, key_ops: undefined })
    expect(await ask(ofFirst)).toBe(401)
  })
})
