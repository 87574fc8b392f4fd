import { afterAll, afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { jwt, type RemoteKeysOptions } from '../../src/auth/index.ts'
import { unverified } from '../../src/context/index.ts'
import { newTenant } from '../tenants.ts'
import { createProtectedApp, statusOf } from './app.ts'
import { createIssuer, newKey, type SigningKey, sign } from './issuer.ts'

const tenantId = newTenant()
const key = await newKey()
const token = (of: SigningKey, header: object = {}) =>
  sign(of, { iss: 'issuer', aud: 'api', sub: 'alice', exp: 1e10, tenant_id: tenantId }, header)
const good = await token(key)
const unknownKey = await token(await newKey())

let clock = 0
let issuer = createIssuer()
let service = createProtectedApp(unverified())

function start(times: Partial<RemoteKeysOptions> = {}) {
  const from = { jwksUrl: issuer.jwksUrl, ...times }
  service = createProtectedApp(jwt({ key: from, issuer: 'issuer', audience: 'api', rememberMs: 0, now: () => clock }))
}

beforeEach(() => {
  clock = Date.UTC(2026, 0, 1)
  issuer = createIssuer(key)
  start()
})
afterEach(() => issuer.stop())

const send = (bearer: string) => statusOf(service.withToken(bearer))
const seconds = (count: number) => {
  clock += count * 1000
}
const down = () => new Response('down', { status: 500 })
const text = (body: BodyInit) => () => new Response(body)
const elsewhere = createIssuer(key)
afterAll(() => elsewhere.stop())

const nonsense: [string, () => Response][] = [
  ['status 500', down],
  ['status 404', () => Response.json({ keys: [key.jwk] }, { status: 404 })],
  ['status 201', () => Response.json({ keys: [key.jwk] }, { status: 201 })],
  ['status 204', () => new Response(null, { status: 204 })],
  ['a redirect', () => Response.redirect(elsewhere.jwksUrl, 302)],
  ['a permanent redirect', () => Response.redirect(elsewhere.jwksUrl, 308)],
  ['an empty body', text('')],
  ['HTML', text('<!doctype html>')],
  ['half of a key set', text(`{"keys":[${JSON.stringify(key.jwk)}`)],
  ['null', text('null')],
  ['a list', text(`[${JSON.stringify(key.jwk)}]`)],
  ['no keys', text('{}')],
  ['keys that are an object', text(`{"keys":{"0":${JSON.stringify(key.jwk)}}}`)],
  ['more than 512 KiB', text(`{"keys":[${JSON.stringify(key.jwk)}],"x":"${'x'.repeat(524_288)}"}`)],
]

describe('an issuer that answers with', () => {
  test.each(nonsense)('%s makes every token fail with 503, not 401', async (_, answer) => {
    issuer.answerWith(answer)
    const response = await service.withToken(good)
    expect(response.status).toBe(503)
    expect(response.headers.get('Retry-After')).toBe('1')
    expect(response.headers.get('WWW-Authenticate')).toBeNull()
    expect(await response.json()).toMatchObject({ error: { code: 'SERVICE_UNAVAILABLE' } })
    expect(service.failures).toEqual(['issuer-unavailable'])
  })

  test('a redirect is not followed', async () => {
    issuer.answerWith(() => Response.redirect(elsewhere.jwksUrl, 302))
    await send(good)
    expect(elsewhere.fetches()).toBe(0)
  })

  test('nothing gets 503 after the timeout', async () => {
    start({ timeoutMs: 20 })
    issuer.neverAnswer()
    expect(await send(good)).toBe(503)
  })

  test('an unfinished body gets 503 after the timeout', async () => {
    start({ timeoutMs: 20 })
    issuer.answerWith(() => new Response(new ReadableStream({ start: (body) => body.enqueue(new Uint8Array([0x7b])) })))
    expect(await send(good)).toBe(503)
  })

  test('an endless body gets 503', async () => {
    const chunk = new Uint8Array(65_536).fill(0x20)
    issuer.answerWith(() => new Response(new ReadableStream({ pull: (body) => body.enqueue(chunk) })))
    expect(await send(good)).toBe(503)
  })

  test('an empty key set makes its tokens invalid', async () => {
    issuer.publish()
    expect(await send(good)).toBe(401)
  })
})

describe('while the issuer is unavailable', () => {
  test('a token is accepted one second after the issuer has recovered', async () => {
    issuer.answerWith(down)
    expect(await send(good)).toBe(503)
    issuer.recover()
    seconds(1)
    expect(await send(good)).toBe(200)
  })

  test('it is fetched once a second when there are no keys', async () => {
    issuer.answerWith(down)
    for (let at = 0; at < 30; at++) {
      expect(await send(good)).toBe(503)
      clock += 100
    }
    expect(issuer.fetches()).toBe(3)
  })

  test('its keys are used for a day', async () => {
    await send(good)
    issuer.answerWith(down)
    for (let hour = 0; hour < 23; hour++) {
      seconds(3600)
      expect(await send(good)).toBe(200)
    }
    seconds(3600)
    expect(await send(good)).toBe(503)
  })

  test('its keys are used, and it is fetched once per cooldown', async () => {
    await send(good)
    issuer.answerWith(down)
    seconds(300)
    const before = issuer.fetches()
    for (let at = 0; at < 3; at++) {
      expect(await send(good)).toBe(200)
      // This request waits for the issuer's answer.
      expect(await send(unknownKey)).toBe(503)
      expect(issuer.fetches()).toBe(before + at + 1)
      seconds(10)
    }
  })

  test('a token with an unknown key gets 503 with Retry-After, since the key may be new', async () => {
    await send(good)
    issuer.answerWith(down)
    seconds(10)
    expect(await send(unknownKey)).toBe(503)
    seconds(3)
    const response = await service.withToken(unknownKey)
    expect(response.status).toBe(503)
    expect(response.headers.get('Retry-After')).toBe('7')
    expect(issuer.fetches()).toBe(2)
    expect(await send(good)).toBe(200)
  })

  test('a token with an unknown key gets 503 soon after a successful fetch too', async () => {
    await send(good)
    issuer.answerWith(down)
    seconds(1)
    expect(await send(unknownKey)).toBe(503)
    expect(service.failures).toEqual(['issuer-unavailable'])
  })

  test('a malformed or missing token gets 401 without a fetch', async () => {
    issuer.answerWith(down)
    expect(await send('garbage')).toBe(401)
    expect(await statusOf(service.get({}))).toBe(401)
    expect(issuer.fetches()).toBe(0)
  })
})

test('a fetch that fails is reported with its error, and a listener that throws changes nothing', async () => {
  const seen: unknown[] = []
  const onFetchError = (error: unknown) => {
    seen.push(error)
    throw new Error('of the listener')
  }
  start({ onFetchError })
  issuer.answerWith(down)
  expect(await send(good)).toBe(503)
  expect(String(seen)).toBe('Error: The issuer answered with status 500 instead of 200')
})

test.each(['http_proxy', 'HTTP_PROXY'])('keys of this machine are fetched past the proxy of %s', async (name) => {
  const proxy = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('proxy', { status: 502 }) })
  const before = process.env[name]
  process.env[name] = proxy.url.href
  try {
    expect(await (await fetch(issuer.jwksUrl)).text()).toBe('proxy') // the reason for the option
    expect(await send(good)).toBe(200)
  } finally {
    if (before === undefined) delete process.env[name]
    else process.env[name] = before
    await proxy.stop(true)
  }
})
