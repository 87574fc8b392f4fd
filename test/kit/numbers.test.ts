import { describe, expect, test } from 'bun:test'
import { jwt } from '../../src/auth/index.ts'
import {
  connectionPerTransaction,
  createPool,
  createReplica,
  openConnection,
  type PoolOptions,
} from '../../src/database/index.ts'
import { memoryRateStore, tenantLimits } from '../../src/limits/index.ts'
import { createTenantDirectory } from '../../src/resolution/index.ts'

const url = 'postgres://ada@localhost/acme'
const pool = (options: Partial<PoolOptions>) => createPool({ url, size: 1, ...options })
const replica = (retryAfterMs: number) =>
  createReplica({ connections: pool({}), check: async () => {}, secret: 'x'.repeat(32), retryAfterMs })
const directory = (options: object) => createTenantDirectory({ connections: pool({}), ...options })
const verify = (options: object, keys = {}) =>
  jwt({ issuer: 'a', audience: 'b', key: { jwksUrl: 'https://a.example', ...keys }, ...options })
const rate = (numbers: object) =>
  tenantLimits({ rate: { limit: 1, windowSeconds: 1, store: memoryRateStore(), ...numbers } })

/** Every number of the kit, and the least that it may be. */
const numbers: [string, number, (value: number) => unknown][] = [
  ['size', 1, (size) => pool({ size })],
  ['acquireTimeoutMs', 1, (acquireTimeoutMs) => pool({ acquireTimeoutMs })],
  ['lifetimeMs', 0, (lifetimeMs) => pool({ lifetimeMs })],
  ['connectTimeoutMs', 0, (connectTimeoutMs) => pool({ connectTimeoutMs })],
  ['answerTimeoutMs', 0, (answerTimeoutMs) => connectionPerTransaction({ url, answerTimeoutMs })],
  ['retryAfterMs', 0, replica],
  ['cacheMs', 0, (cacheMs) => directory({ cacheMs })],
  ['cacheMax', 1, (cacheMax) => directory({ cacheMax })],
  ['clockSkewSeconds', 0, (clockSkewSeconds) => verify({ clockSkewSeconds })],
  ['rememberMs', 0, (rememberMs) => verify({ rememberMs })],
  ['cooldownMs', 1, (cooldownMs) => verify({}, { cooldownMs })],
  ['refreshMs', 1, (refreshMs) => verify({}, { refreshMs, cooldownMs: 1 })],
  ['staleMs', 1, (staleMs) => verify({}, { staleMs, refreshMs: 1, cooldownMs: 1 })],
  ['timeoutMs', 1, (timeoutMs) => verify({}, { timeoutMs })],
  ['concurrency.max', 1, (max) => tenantLimits({ concurrency: { max, queueMax: 1 } })],
  ['concurrency.queueMax', 0, (queueMax) => tenantLimits({ concurrency: { max: 1, queueMax } })],
  ['rate.limit', 1, (limit) => rate({ limit })],
  ['rate.windowSeconds', 1, (windowSeconds) => rate({ windowSeconds })],
]

describe('a number that makes no sense throws at construction, by name', () => {
  test.each(numbers)('%s, which is at least %d', (name, min, construct) => {
    for (const value of [min - 1, min + 0.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => construct(value)).toThrow(`${name} must be a whole number of at least ${min} (got ${value})`)
    expect(() => construct(2 ** 31)).toThrow(`${name} must be at most `)
    expect(() => construct(min)).not.toThrow()
  })
})

test.each(['', undefined, 'localhost'])('a URL that is none (%p) throws at construction', (given) => {
  const wrong = { url: given as string } // what process.env.DATABASE_URL is in JavaScript
  for (const construct of [() => pool(wrong), () => connectionPerTransaction(wrong), () => openConnection(wrong)])
    expect(construct).toThrow("The database's URL must be a URL such as postgres://")
})
