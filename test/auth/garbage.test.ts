import { afterAll, describe, expect, test } from 'bun:test'
import { jwt } from '../../src/auth/index.ts'
import { createTrustedApp } from './app.ts'
import { encode, good, key, payload, published, refused, stranger, tenantId } from './forgeries.ts'
import { createIssuer, sign } from './issuer.ts'

const issuer = createIssuer()
issuer.publish(...published)
afterAll(() => issuer.stop())

const service = createTrustedApp(jwt({ key: { jwksUrl: issuer.jwksUrl }, issuer: 'issuer', audience: 'api' }))
const unsigned = (header: object) => `${encode(header)}.${encode(payload)}.`

describe('a token that nobody should believe', () => {
  test('differs from this one, which is believed', async () => {
    expect((await service.withToken(good, tenantId)).status).toBe(200)
  })

  test.each(refused)('%s: 401', async (_, reason, token) => {
    service.refusals.length = 0
    const response = await service.withToken(await token, tenantId)
    expect(response.status).toBe(401)
    expect(service.refusals).toEqual([reason])
    expect(response.headers.get('WWW-Authenticate')).toStartWith('Bearer realm="rowhouse", error="invalid_token", ')
  })

  test('is not repeated in the answer', async () => {
    const response = await service.withToken(unsigned({ alg: 'leaked-alg' }), tenantId)
    expect(`${JSON.stringify([...response.headers])}${await response.text()}`).not.toContain('leaked')
  })

  test('cannot make the service ask another issuer', async () => {
    const theirs = createIssuer(stranger)
    await service.withToken(await sign(stranger, payload, { jku: theirs.jwksUrl, x5u: theirs.jwksUrl, kid: 'theirs' }))
    await theirs.stop()
    expect(theirs.asked()).toBe(0)
  })

  test('does not pass in the first of two headers, nor in the second', async () => {
    const forged = unsigned({ alg: key.alg, kid: key.kid })
    for (const [first, second] of [
      [good, forged],
      [forged, good],
    ]) {
      const response = await service.get([
        ['Authorization', `Bearer ${first}`],
        ['Authorization', `Bearer ${second}`],
      ])
      expect(response.status).toBe(400)
    }
  })
})
