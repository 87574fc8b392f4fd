import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import type { TenantEnv } from '../../src/context/index.ts'
import { TenantRequired } from '../../src/context/index.ts'
import { tenantLimits } from '../../src/limits/index.ts'

describe('tenantLimits()', () => {
  test('throws TenantRequired on a route without a tenant', async () => {
    const app = new Hono<TenantEnv>()
    const thrown: unknown[] = []
    app.onError((error, c) => {
      thrown.push(error)
      return c.text('failed')
    })
    app.get('/', tenantLimits({ concurrency: { max: 1, queueMax: 0 } }), (c) => c.text('done'))
    expect(await (await app.request('/')).text()).toBe('failed')
    expect(thrown).toEqual([expect.any(TenantRequired)])
  })

  test('rejects options without any limit', () => {
    expect(() => tenantLimits({})).toThrow(TypeError)
  })
})
