import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { type TenantEnv, unverified } from '../../src/context/index.ts'
import { createErrorHandler } from '../../src/errors/index.ts'
import { ByteBudget, bodyLimits } from '../../src/limits/index.ts'
import { header, tenant } from '../../src/resolution/index.ts'
import { newTenant, tenantIds } from '../tenants.ts'

const app = new Hono<TenantEnv>()
app.onError(createErrorHandler())
app.use(tenant({ from: header('X-Tenant-Id'), auth: unverified(), ...tenantIds }))
app.use(bodyLimits({ maxBytes: 1000, budget: new ByteBudget({ totalBytes: 10_000 }) }))
app.post('/bytes', async (c) => c.body(await c.req.arrayBuffer()))
app.post('/text', async (c) => c.body(await c.req.text()))
app.post('/json', async (c) => c.json(await c.req.json()))
app.post('/all', async (c) => c.json([await c.req.json(), await c.req.text(), (await c.req.arrayBuffer()).byteLength]))

async function send(path: string, body: string | Uint8Array<ArrayBuffer>, type = 'application/json') {
  const headers = { 'X-Tenant-Id': newTenant(), 'Content-Type': type }
  return new Uint8Array(await (await app.request(path, { method: 'POST', body, headers })).arrayBuffer())
}
const encode = (text: string) => new TextEncoder().encode(text)
const bodies = ['{"a":"é😀\\u0000"}', '\uFEFF{"a":1}', ' [1]\r\n']

describe('a body that was received within the limits', () => {
  test.each(bodies)('has the bytes that were sent: %j', async (body) => {
    expect(await send('/bytes', body)).toEqual(encode(body))
  })

  test.each(bodies)('is the JSON that was sent: %j', async (body) => {
    expect(await send('/json', body)).toEqual(encode(JSON.stringify(JSON.parse(body.replace('\uFEFF', '')))))
  })

  test('is read as JSON, text and bytes by one handler', async () => {
    expect(await send('/all', '{"é":1}')).toEqual(encode('[{"é":1},"{\\"é\\":1}",8]'))
  })

  test('has the bytes that were sent when it is neither JSON nor text', async () => {
    const body = new Uint8Array([0, 0xff, 0xc3])
    expect(await send('/bytes', body, 'application/octet-stream')).toEqual(body)
  })
})
