import { describe, expect, test } from 'bun:test'
import { unverified as ofAuth } from '../../src/auth/index.ts'
import { unverified } from '../../src/context/index.ts'
import { ConfigError } from '../../src/errors/index.ts'
import { header } from '../../src/resolution/index.ts'
import { newApp } from '../resolution/app.ts'
import { problemsOf } from '../service/problems-of.ts'
import { newTenant } from '../tenants.ts'

test('unverified() lets every caller act for every tenant', async () => {
  const app = newApp({ from: header('X-Tenant-Id'), auth: unverified({}) })
  for (const tenantId of [newTenant(), newTenant()]) {
    const response = await app.request('/', { headers: { 'X-Tenant-Id': tenantId } })
    expect(await response.json()).toMatchObject({ tenantId })
  }
})

test('unverified() is exported beside jwt() and gateway() too', () => {
  expect(ofAuth).toBe(unverified)
})

describe('unverified() refuses', () => {
  const production = { NODE_ENV: 'production' }

  test('production, and names the remedies', () => {
    expect(() => unverified(production)).toThrow(ConfigError)
    expect(() => unverified(production)).toThrow(
      'unverified() is refused in production, because it lets any caller act for any tenant: ' +
        'use jwt(), session() or gateway() of rowhouse/auth, or allow it with ALLOW_UNVERIFIED=true',
    )
  })

  test.each(['false', '', 'TRUE', '1', 'yes'])('production with ALLOW_UNVERIFIED=%p', (ALLOW_UNVERIFIED) => {
    expect(() => unverified({ ...production, ALLOW_UNVERIFIED })).toThrow('ALLOW_UNVERIFIED=true')
  })

  test.each(['Production', 'PRODUCTION', 'prod', ' production', 'production ', '\tproduction', 'production-eu'])(
    'NODE_ENV=%p, as the service does, even when it is allowed by name',
    (NODE_ENV) => {
      const misspelled = { NODE_ENV, ALLOW_UNVERIFIED: 'true' }
      expect(() => unverified(misspelled)).toThrow('NODE_ENV must be written "production"')
      expect(problemsOf(misspelled)).toContain('NODE_ENV must be written "production"')
    },
  )
})

describe('unverified() accepts', () => {
  test('production with ALLOW_UNVERIFIED=true', () => {
    expect(unverified({ NODE_ENV: 'production', ALLOW_UNVERIFIED: 'true' }).vary).toEqual([])
  })

  test.each([undefined, '', 'development', 'test', 'staging', 'reproduction'])('NODE_ENV=%p', (NODE_ENV) => {
    expect(unverified({ NODE_ENV }).vary).toEqual([])
  })
})

describe('unverified() without an argument', async () => {
  const { outputs } = await Bun.build({
    entrypoints: [`${import.meta.dir}/../../src/context/unverified.ts`],
    format: 'cjs',
    target: 'node',
    packages: 'external',
  })
  const code = (await outputs[0]?.text()) ?? ''

  /** Calls it where these are the globals of the runtime. */
  function callWith(process: unknown, navigator: unknown): unknown {
    const run = new Function('process', 'navigator', 'require', 'module', 'exports', `${code}\nreturn module.exports`)
    const module = { exports: {} }
    return run(process, navigator, require, module, module.exports).unverified()
  }
  const workerd = { userAgent: 'Cloudflare-Workers' }

  test('reads the environment of the process', () => {
    expect(callWith({ env: {} }, undefined)).toMatchObject({ vary: [] })
    expect(() => callWith({ env: { NODE_ENV: 'production' } }, undefined)).toThrow('is refused in production')
  })

  test('refuses a runtime that has no environment', () => {
    expect(() => callWith(undefined, undefined)).toThrow('is refused in production')
  })

  test('refuses Workers unless NODE_ENV has another value, as the service does', () => {
    expect(() => callWith({ env: {} }, workerd)).toThrow('is refused in production')
    expect(callWith({ env: { NODE_ENV: 'development' } }, workerd)).toMatchObject({ vary: [] })
  })
})
