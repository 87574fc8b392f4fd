import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { JWTPayload } from 'jose'
import { jwt } from '../../src/auth/index.ts'
import { createTrustedApp, statusOf } from './app.ts'
import { createIssuer, newKey, sign } from './issuer.ts'

const key = await newKey()
const start = Date.UTC(2026, 0, 1)
const payload = { iss: 'issuer', aud: 'api', sub: 'alice', exp: 1e10, tenant_id: crypto.randomUUID() }
const token = (changes: JWTPayload = {}) => sign(key, { ...payload, ...changes })

let clock = start
let issuer = createIssuer()
let service = createTrustedApp({ vary: [], verify: () => ({}) })
const ask = (bearer: string) => statusOf(service.withToken(bearer))

beforeEach(() => {
  clock = start
  issuer = createIssuer(key)
  // Fetched anew at each turn, so that it shows whether the key was looked for.
  const source = { jwksUrl: issuer.jwksUrl, cooldownMs: 1, refreshMs: 1, staleMs: 1 }
  service = createTrustedApp(jwt({ key: source, issuer: 'issuer', audience: 'api', now: () => clock }))
})
afterEach(() => issuer.stop())

describe('a token that was verified', () => {
  test('is believed for a minute without its key, and no longer', async () => {
    const known = await token()
    expect(await ask(known)).toBe(200)
    issuer.publish()
    clock += 59_999
    expect(await ask(known)).toBe(200)
    clock += 1
    expect(await ask(known)).toBe(401)
  })

  test('runs out when it says so, within the minute too', async () => {
    const known = await token({ exp: start / 1000 + 10 })
    expect(await ask(known)).toBe(200)
    clock += 39_999 // with a clock skew of 30 s
    expect(await ask(known)).toBe(200)
    clock += 1
    expect(await ask(known)).toBe(401)
  })

  test('says nothing for another one, nor for one with a character more or less', async () => {
    const known = await token()
    expect(await ask(known)).toBe(200)
    issuer.publish()
    clock += 10
    expect(await ask(await token({ sub: 'bob' }))).toBe(401)
    expect(await ask(known.slice(0, -1))).toBe(401)
    expect(await ask(`${known}A`)).toBe(401)
  })

  test('is forgotten when the clock is set back', async () => {
    const known = await token()
    expect(await ask(known)).toBe(200)
    issuer.publish()
    clock -= 1
    expect(await ask(known)).toBe(401)
  })
})

test('a token that was refused is not believed later, and one that was believed is not refused for it', async () => {
  const [good, bad] = [await token(), await token({ aud: 'another' })]
  expect([await ask(bad), await ask(good), await ask(bad), await ask(good)]).toEqual([401, 200, 401, 200])
})
