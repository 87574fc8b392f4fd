import { afterAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { exportSPKI } from 'jose'
import { Miniflare } from 'miniflare'
import { until } from '../../auth/app.ts'
import { forged, good, key, published, tenantId } from '../../auth/forgeries.ts'
import { createIssuer } from '../../auth/issuer.ts'

setDefaultTimeout(60_000)

// On Cloudflare's runtime, workerd, a request must not await a promise of another one.

const built = await Bun.build({
  entrypoints: [`${import.meta.dir}/../../auth/worker.ts`],
  target: 'node',
  conditions: ['workerd'],
  external: ['cloudflare:*', 'node:*'],
  define: { 'import.meta.url': '"file:///workers.js"' },
})
const script = await built.outputs[0]?.text()
const issuer = createIssuer()
const runtimes: Miniflare[] = []
afterAll(async () => {
  for (const runtime of runtimes) await runtime.dispose()
  await issuer.stop()
})

let url = ''
let clock = 0
beforeEach(async () => {
  clock = Date.UTC(2026, 0, 1)
  issuer.recover()
  issuer.publish(...published)
  const runtime = new Miniflare({
    modules: true,
    script: script ?? '',
    compatibilityDate: '2026-07-30',
    compatibilityFlags: ['nodejs_compat'],
    bindings: { JWKS_URL: issuer.jwksUrl, PUBLIC_KEY: await exportSPKI(key.publicKey) },
  })
  runtimes.push(runtime)
  url = (await runtime.ready).href
})

async function send(path: 'remote' | 'fixed', token: string): Promise<number> {
  const headers = { Authorization: `Bearer ${token}`, 'X-Tenant-Id': tenantId, 'X-Clock': String(clock) }
  const response = await fetch(new URL(path, url), { headers })
  await response.text()
  return response.status
}

describe('on Cloudflare Workers', () => {
  test('a public key in PEM verifies', async () => {
    expect(await send('fixed', good)).toBe(200)
  })

  test('every forged token is rejected', async () => {
    for (const [what, , token] of forged) {
      const bearer = await token
      clock += 10_000 // beyond the cooldown: after three unknown kids within it the answer is 503
      expect({ what, status: await send('remote', bearer) }).toEqual({ what, status: 401 })
    }
  })

  test('the first tokens are accepted when they arrive together', async () => {
    const release = issuer.hold()
    const before = issuer.fetches()
    const answers = Promise.all(Array.from({ length: 10 }, () => send('remote', good)))
    await until(() => issuer.fetches() === before + 10)
    release()
    expect(await answers).toEqual(Array(10).fill(200))
  })

  test('keys are refreshed after the response was sent', async () => {
    expect(await send('remote', good)).toBe(200)
    issuer.publish()
    clock += 300_000
    const release = issuer.hold()
    expect(await send('remote', good)).toBe(200)
    release()
    await until(async () => (await send('remote', good)) === 401)
  })

  test('tokens get 503 until an unavailable issuer has recovered', async () => {
    issuer.answerWith(() => Response.redirect('http://127.0.0.1:1/', 302))
    expect(await send('remote', good)).toBe(503)
    issuer.recover()
    clock += 1000
    expect(await send('remote', good)).toBe(200)
  })
})
