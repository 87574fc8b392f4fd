import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { JWTPayload } from 'jose'
import { jwt } from '../../src/auth/index.ts'
import { unverified } from '../../src/context/index.ts'
import { newTenant } from '../tenants.ts'
import { createProtectedApp, statusOf } from './app.ts'
import { createIssuer, newKey, sign } from './issuer.ts'

const key = await newKey()
const start = Date.UTC(2026, 0, 1)
const payload = { iss: 'issuer', aud: 'api', sub: 'alice', exp: 1e10, tenant_id: newTenant() }
const token = (changes: JWTPayload = {}) => sign(key, { ...payload, ...changes })

let clock = start
let issuer = createIssuer()
let service = createProtectedApp(unverified())
const send = (bearer: string) => statusOf(service.withToken(bearer))

beforeEach(() => {
  clock = start
  issuer = createIssuer(key)
  // Keys are fetched for each verification, which shows whether there was one.
  const source = { jwksUrl: issuer.jwksUrl, cooldownMs: 1, refreshMs: 1, staleMs: 1 }
  service = createProtectedApp(jwt({ key: source, issuer: 'issuer', audience: 'api', now: () => clock }))
})
afterEach(() => issuer.stop())

describe('a verified token', () => {
  test('is accepted for a minute without its key, and no longer', async () => {
    const bearer = await token()
    expect(await send(bearer)).toBe(200)
    issuer.publish()
    clock += 59_999
    expect(await send(bearer)).toBe(200)
    clock += 1
    expect(await send(bearer)).toBe(401)
  })

  test('expires within the minute too', async () => {
    const bearer = await token({ exp: start / 1000 + 10 })
    expect(await send(bearer)).toBe(200)
    clock += 39_999 // with a clock skew of 30 s
    expect(await send(bearer)).toBe(200)
    clock += 1
    expect(await send(bearer)).toBe(401)
  })

  test('is not mistaken for another token or one with a character more or less', async () => {
    const bearer = await token()
    expect(await send(bearer)).toBe(200)
    issuer.publish()
    clock += 10
    expect(await send(await token({ sub: 'bob' }))).toBe(401)
    expect(await send(bearer.slice(0, -1))).toBe(401)
    expect(await send(`${bearer}A`)).toBe(401)
  })

  test('is verified again when the clock was set back', async () => {
    const bearer = await token()
    expect(await send(bearer)).toBe(200)
    issuer.publish()
    clock -= 1
    expect(await send(bearer)).toBe(401)
  })
})

test('a rejected and an accepted token do not change the result for each other', async () => {
  const [good, bad] = [await token(), await token({ aud: 'another' })]
  expect([await send(bad), await send(good), await send(bad), await send(good)]).toEqual([401, 200, 401, 200])
})
