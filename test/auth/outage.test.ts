import { afterAll, afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { jwt, type RemoteKeysOptions } from '../../src/auth/index.ts'
import { createTrustedApp, statusOf } from './app.ts'
import { createIssuer, newKey, type SigningKey, sign } from './issuer.ts'

const tenantId = crypto.randomUUID()
const key = await newKey()
const token = (of: SigningKey, header: object = {}) =>
  sign(of, { iss: 'issuer', aud: 'api', sub: 'alice', exp: 1e10, tenant_id: tenantId }, header)
const good = await token(key)
const stranger = await token(await newKey())

let clock = 0
let issuer = createIssuer()
let service = createTrustedApp({ vary: [], verify: () => ({}) })

function start(times: Partial<RemoteKeysOptions> = {}) {
  const from = { jwksUrl: issuer.jwksUrl, ...times }
  service = createTrustedApp(jwt({ key: from, issuer: 'issuer', audience: 'api', rememberMs: 0, now: () => clock }))
}

beforeEach(() => {
  clock = Date.UTC(2026, 0, 1)
  issuer = createIssuer(key)
  start()
})
afterEach(() => issuer.stop())

const ask = (bearer: string) => statusOf(service.withToken(bearer))
const seconds = (count: number) => {
  clock += count * 1000
}
const down = () => new Response('down', { status: 500 })
const text = (body: BodyInit) => () => new Response(body)
const elsewhere = createIssuer(key)
afterAll(() => elsewhere.stop())

const nonsense: [string, () => Response][] = [
  ['500', down],
  ['404', () => Response.json({ keys: [key.jwk] }, { status: 404 })],
  ['201', () => Response.json({ keys: [key.jwk] }, { status: 201 })],
  ['204', () => new Response(null, { status: 204 })],
  ['a redirect', () => Response.redirect(elsewhere.jwksUrl, 302)],
  ['a permanent redirect', () => Response.redirect(elsewhere.jwksUrl, 308)],
  ['nothing', text('')],
  ['HTML', text('<!doctype html>')],
  ['half of its keys', text(`{"keys":[${JSON.stringify(key.jwk)}`)],
  ['null', text('null')],
  ['a list', text(`[${JSON.stringify(key.jwk)}]`)],
  ['no keys', text('{}')],
  ['keys that are an object', text(`{"keys":{"0":${JSON.stringify(key.jwk)}}}`)],
  ['more than 512 KiB', text(`{"keys":[${JSON.stringify(key.jwk)}],"x":"${'x'.repeat(524_288)}"}`)],
]

describe('an issuer that answers', () => {
  test.each(nonsense)(
    '%s leaves nobody to be believed for the moment, and no token to be blamed',
    async (_, answer) => {
      issuer.answerWith(answer)
      const response = await service.withToken(good)
      expect(response.status).toBe(503)
      expect(response.headers.get('Retry-After')).toBe('1')
      expect(response.headers.get('WWW-Authenticate')).toBeNull()
      expect(await response.json()).toMatchObject({ error: { code: 'SERVICE_UNAVAILABLE' } })
      expect(service.refusals).toEqual(['issuer-unavailable'])
    },
  )

  test('with a redirect is not followed', async () => {
    issuer.answerWith(() => Response.redirect(elsewhere.jwksUrl, 302))
    await ask(good)
    expect(elsewhere.asked()).toBe(0)
  })

  test('never is given up after the timeout', async () => {
    start({ timeoutMs: 20 })
    issuer.neverAnswer()
    expect(await ask(good)).toBe(503)
  })

  test('a body that never ends is given up after the timeout', async () => {
    start({ timeoutMs: 20 })
    issuer.answerWith(() => new Response(new ReadableStream({ start: (body) => body.enqueue(new Uint8Array([0x7b])) })))
    expect(await ask(good)).toBe(503)
  })

  test('a body without end is cut off', async () => {
    const chunk = new Uint8Array(65_536).fill(0x20)
    issuer.answerWith(() => new Response(new ReadableStream({ pull: (body) => body.enqueue(chunk) })))
    expect(await ask(good)).toBe(503)
  })

  test('an empty set has withdrawn its keys', async () => {
    issuer.publish()
    expect(await ask(good)).toBe(401)
  })
})

describe('while the issuer is down', () => {
  test('a token is believed again a second after it has recovered', async () => {
    issuer.answerWith(down)
    expect(await ask(good)).toBe(503)
    issuer.recover()
    seconds(1)
    expect(await ask(good)).toBe(200)
  })

  test('it is asked once a second by those who have no key yet', async () => {
    issuer.answerWith(down)
    for (let at = 0; at < 30; at++) {
      expect(await ask(good)).toBe(503)
      clock += 100
    }
    expect(issuer.asked()).toBe(3)
  })

  test('its keys serve for a day', async () => {
    await ask(good)
    issuer.answerWith(down)
    for (let hour = 0; hour < 23; hour++) {
      seconds(3600)
      expect(await ask(good)).toBe(200)
    }
    seconds(3600)
    expect(await ask(good)).toBe(503)
  })

  test('its keys go on serving, and it is asked once a cooldown', async () => {
    await ask(good)
    issuer.answerWith(down)
    seconds(300)
    const before = issuer.asked()
    for (let at = 0; at < 3; at++) {
      expect(await ask(good)).toBe(200)
      // This one waits until the issuer's answer is there.
      expect(await ask(stranger)).toBe(503)
      expect(issuer.asked()).toBe(before + at + 1)
      seconds(10)
    }
  })

  test('a key that nobody knows may be a new one: 503, and when to try again', async () => {
    await ask(good)
    issuer.answerWith(down)
    seconds(10)
    expect(await ask(stranger)).toBe(503)
    seconds(3)
    const response = await service.withToken(stranger)
    expect(response.status).toBe(503)
    expect(response.headers.get('Retry-After')).toBe('7')
    expect(issuer.asked()).toBe(2)
    expect(await ask(good)).toBe(200)
  })

  test('a key that it did not know just now is unknown', async () => {
    await ask(good)
    issuer.answerWith(down)
    seconds(9)
    expect(await ask(stranger)).toBe(401)
    expect(service.refusals).toEqual(['unknown-key'])
  })

  test('what is malformed, expired or forbidden is said as ever', async () => {
    issuer.answerWith(down)
    expect(await ask('garbage')).toBe(401)
    expect(await statusOf(service.get({}))).toBe(401)
    expect(issuer.asked()).toBe(0)
  })
})
