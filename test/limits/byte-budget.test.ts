import { describe, expect, test } from 'bun:test'
import { ApiError } from '../../src/errors/index.ts'
import { ByteBudget } from '../../src/limits/index.ts'
import { Clock } from './app.ts'

/** The code of the refusal that this throws, or undefined. */
function refusal(work: () => unknown): string | undefined {
  try {
    work()
  } catch (error) {
    if (error instanceof ApiError) return error.code
    throw error
  }
  return undefined
}

/** A budget of 1000 bytes, of which a tenant has 100. */
function build() {
  const clock = new Clock()
  const budget = new ByteBudget({ totalBytes: 1000, tenantBytes: 100, now: clock.now })
  return { clock, budget, admits: (...holders: string[]) => refusal(() => budget.admit(holders)) ?? 'admitted' }
}

describe('a byte budget', () => {
  test('refuses bytes that the process has no room for with 503, and counts nothing of them', () => {
    const { budget } = build()
    budget.hold(['a'], 600)
    expect(refusal(() => budget.hold(['b'], 401))).toBe('SERVICE_UNAVAILABLE')
    expect(budget.state).toEqual({ bytes: 600, shares: 1 })
    budget.hold(['b'], 400)
    expect(budget.state.bytes).toBe(1000)
  })

  test('counts bytes beyond the process that must not be refused', () => {
    const { budget } = build()
    budget.hold(['a'], 2000, { anyway: true })
    expect(budget.state.bytes).toBe(2000)
  })

  test('refuses a tenant that holds its share with 429, and no other tenant', () => {
    const { budget, admits } = build()
    budget.hold(['a'], 99)
    expect(admits('a')).toBe('admitted')
    budget.hold(['a'], 1)
    expect([admits('a'), admits('b')]).toEqual(['TOO_MANY_REQUESTS', 'admitted'])
  })

  test('counts an actor over all its tenants', () => {
    const { budget, admits } = build()
    budget.hold(['tenant a', 'actor x'], 50)
    budget.hold(['tenant b', 'actor x'], 50)
    expect([admits('tenant c', 'actor x'), admits('tenant a', 'actor y')]).toEqual(['TOO_MANY_REQUESTS', 'admitted'])
  })

  test('frees a share over a second, although its bytes are released', () => {
    const { budget, clock, admits } = build()
    budget.hold(['a'], 150).release()
    expect([admits('a'), budget.state.bytes]).toEqual(['TOO_MANY_REQUESTS', 0])
    clock.move(500)
    expect(admits('a')).toBe('TOO_MANY_REQUESTS')
    clock.move(1)
    expect(admits('a')).toBe('admitted')
  })

  test('frees nothing of bytes that are still held', () => {
    const { budget, clock, admits } = build()
    const hold = budget.hold(['a'], 100)
    clock.move(60_000)
    expect(admits('a')).toBe('TOO_MANY_REQUESTS')
    hold.release()
    clock.move(1)
    expect(admits('a')).toBe('admitted')
  })

  test('frees nothing for a clock that is set back', () => {
    const { budget, clock, admits } = build()
    budget.hold(['a'], 100).release()
    clock.move(-60_000)
    expect(admits('a')).toBe('TOO_MANY_REQUESTS')
  })

  test('corrects a share by the size that a request turns out to have', () => {
    const { budget, admits } = build()
    const hold = budget.hold(['a'], 100)
    hold.resize(10)
    expect([admits('a'), budget.state.bytes]).toEqual(['admitted', 10])
    hold.resize(100)
    expect([admits('a'), budget.state.bytes]).toEqual(['TOO_MANY_REQUESTS', 100])
    expect(refusal(() => hold.resize(1001))).toBe('SERVICE_UNAVAILABLE')
    hold.release()
    hold.resize(50)
    expect(budget.state.bytes).toBe(0)
  })

  test('returns the bytes of a request once', () => {
    const { budget } = build()
    const hold = budget.hold(['a'], 10)
    budget.hold(['a'], 10)
    hold.release()
    hold.release()
    expect(budget.state.bytes).toBe(10)
  })

  test('forgets shares that are free again', () => {
    const { budget, clock } = build()
    for (let tenant = 0; tenant < 2000; tenant += 1) budget.hold([`tenant ${tenant}`], 1).release()
    clock.move(1001)
    budget.hold(['a'], 1)
    expect(budget.state.shares).toBe(1)
  })

  test('gives a tenant a quarter of the process by default', () => {
    const budget = new ByteBudget({ totalBytes: 100, now: () => 0 })
    budget.hold(['a'], 24)
    expect(refusal(() => budget.admit(['a']))).toBeUndefined()
    budget.hold(['a'], 1)
    expect(refusal(() => budget.admit(['a']))).toBe('TOO_MANY_REQUESTS')
  })

  test.each([0, 1.5, Number.NaN])('refuses %p as its bytes', (totalBytes) => {
    expect(() => new ByteBudget({ totalBytes })).toThrow(TypeError)
  })
})
