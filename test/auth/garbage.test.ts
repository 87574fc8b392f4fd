import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { jwt } from '../../src/auth/index.ts'
import { createProtectedApp } from './app.ts'
import { encode, forged, good, key, payload, published, tenantId, unknownKey } from './forgeries.ts'
import { createIssuer, sign } from './issuer.ts'

const issuer = createIssuer()
issuer.publish(...published)
afterAll(() => issuer.stop())

let clock = Date.UTC(2026, 0, 1)
const service = createProtectedApp(
  jwt({ key: { jwksUrl: issuer.jwksUrl }, issuer: 'issuer', audience: 'api', now: () => clock }),
)
// Beyond the cooldown: after three unknown kids within it the answer is 503.
beforeEach(() => {
  clock += 10_000
})
const unsigned = (header: object) => `${encode(header)}.${encode(payload)}.`

test('a valid token is accepted', async () => {
  expect((await service.withToken(good, tenantId)).status).toBe(200)
})

describe('a forged token', () => {
  test.each(forged)('is rejected: %s', async (_, reason, token) => {
    service.failures.length = 0
    const response = await service.withToken(await token, tenantId)
    expect(response.status).toBe(401)
    expect(service.failures).toEqual([reason])
    expect(response.headers.get('WWW-Authenticate')).toStartWith('Bearer realm="rowhouse", error="invalid_token", ')
  })

  test('is not quoted in the response', async () => {
    const response = await service.withToken(unsigned({ alg: 'leaked-alg' }), tenantId)
    expect(`${JSON.stringify([...response.headers])}${await response.text()}`).not.toContain('leaked')
  })

  test('cannot make the service fetch keys from another issuer', async () => {
    const other = createIssuer(unknownKey)
    await service.withToken(await sign(unknownKey, payload, { jku: other.jwksUrl, x5u: other.jwksUrl, kid: 'other' }))
    await other.stop()
    expect(other.fetches()).toBe(0)
  })

  test('is rejected in the first and in the second of two headers', async () => {
    const forgery = unsigned({ alg: key.alg, kid: key.kid })
    for (const [first, second] of [
      [good, forgery],
      [forgery, good],
    ]) {
      const response = await service.get([
        ['Authorization', `Bearer ${first}`],
        ['Authorization', `Bearer ${second}`],
      ])
      expect(response.status).toBe(400)
    }
  })
})
