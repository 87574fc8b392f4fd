import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { jwt, type RemoteKeysOptions } from '../../src/auth/index.ts'
import { unverified } from '../../src/context/index.ts'
import { newTenant } from '../tenants.ts'
import { createProtectedApp, statusOf, until } from './app.ts'
import { createIssuer, newKey, type SigningKey, sign } from './issuer.ts'

const tenantId = newTenant()
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

  test('are fetched three times per cooldown at most, whatever kids arrive', async () => {
    await send(ofFirst)
    seconds(10)
    for (let round = 0; round < 3; round++) {
      const before = issuer.fetches()
      const statuses: number[] = []
      for (let at = 0; at < 40; at++) statuses.push(await send(await token(first, { kid: crypto.randomUUID() })))
      expect(statuses).toEqual([401, 401, 401, ...Array(37).fill(503)])
      expect(issuer.fetches() - before).toBe(3)
      expect(await send(ofFirst)).toBe(200)
      seconds(10)
    }
    expect(new Set(service.failures)).toEqual(new Set(['unknown-key']))
  })

  test('are fetched for a new key although a token with a made-up kid came just before the rotation', async () => {
    await send(ofFirst)
    expect(await send(await token(first, { kid: 'made-up' }))).toBe(401)
    issuer.publish(first.jwk, second.jwk)
    expect(await send(ofSecond)).toBe(200)
  })

  test('are not known to lack a new key when there were too many fetches: its token gets 503 with Retry-After', async () => {
    await send(ofFirst)
    seconds(4)
    for (const kid of ['one', 'two']) expect(await send(await token(first, { kid }))).toBe(401)
    issuer.publish(first.jwk, second.jwk)
    const response = await service.withToken(ofSecond)
    expect(response.status).toBe(503)
    expect(response.headers.get('Retry-After')).toBe('6')
    expect(response.headers.get('WWW-Authenticate')).toBeNull()
    seconds(6)
    expect(await send(ofSecond)).toBe(200)
  })

  test('are fetched again for a token that arrives while older keys are on their way', async () => {
    await send(ofFirst)
    const older = Promise.withResolvers<void>()
    issuer.answerWith(async () => {
      await older.promise
      return Response.json({ keys: [first.jwk] })
    })
    const madeUp = send(await token(first, { kid: 'made-up' }))
    await until(() => issuer.fetches() === 2)
    const rotated = send(ofSecond)
    issuer.recover()
    issuer.publish(first.jwk, second.jwk)
    older.resolve()
    expect(await Promise.all([madeUp, rotated])).toEqual([401, 200])
    expect(issuer.fetches()).toBe(3)
  })

  test('are not fetched for a kid that is no text, which no key can have', async () => {
    await send(ofFirst)
    for (const kid of [null, 1, true, ['here'], {}]) expect(await send(await token(first, { kid }))).toBe(401)
    expect(issuer.fetches()).toBe(1)
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
    expect(issuer.fetches()).toBe(3) // the third for the removed key, which could have returned
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
