import { afterAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { exportSPKI } from 'jose'
import { Miniflare } from 'miniflare'
import { until } from './app.ts'
import { good, key, published, refused, tenantId } from './forgeries.ts'
import { createIssuer } from './issuer.ts'

setDefaultTimeout(60_000)

// Cloudflare's own runtime, workerd, where no request may await what another has begun.

const built = await Bun.build({
  entrypoints: [`${import.meta.dir}/worker.ts`],
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

async function ask(path: 'remote' | 'fixed', token: string): Promise<number> {
  const headers = { Authorization: `Bearer ${token}`, 'X-Tenant-Id': tenantId, 'X-Clock': String(clock) }
  const response = await fetch(new URL(path, url), { headers })
  await response.text()
  return response.status
}

describe('on Cloudflare Workers', () => {
  test('a public key in PEM verifies', async () => {
    expect(await ask('fixed', good)).toBe(200)
  })

  test('no forgery passes', async () => {
    for (const [what, , token] of refused) {
      const bearer = await token
      expect({ what, status: await ask('remote', bearer) }).toEqual({ what, status: 401 })
    }
  })

  test('tokens that arrive together at first are all believed', async () => {
    const release = issuer.hold()
    const before = issuer.asked()
    const answers = Promise.all(Array.from({ length: 10 }, () => ask('remote', good)))
    await until(() => issuer.asked() === before + 10)
    release()
    expect(await answers).toEqual(Array(10).fill(200))
  })

  test('keys are refreshed after the answer has gone out', async () => {
    expect(await ask('remote', good)).toBe(200)
    issuer.publish()
    clock += 300_000
    const release = issuer.hold()
    expect(await ask('remote', good)).toBe(200)
    release()
    await until(async () => (await ask('remote', good)) === 401)
  })

  test('an issuer that is down leaves nobody to be believed until it has recovered', async () => {
    issuer.answerWith(() => Response.redirect('http://127.0.0.1:1/', 302))
    expect(await ask('remote', good)).toBe(503)
    issuer.recover()
    clock += 1000
    expect(await ask('remote', good)).toBe(200)
  })
})
