import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import type { TenantEnv } from '../../src/context/index.ts'
import { TenantRequired } from '../../src/context/index.ts'
import { tenantLimits } from '../../src/limits/index.ts'

describe('the limits of a tenant', () => {
  test('are a programming error on a route without one', async () => {
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

  test('cannot be none', () => {
    expect(() => tenantLimits({})).toThrow(TypeError)
  })
})
