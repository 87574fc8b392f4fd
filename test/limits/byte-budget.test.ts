import { describe, expect, test } from 'bun:test'
import { ApiError } from '../../src/errors/index.ts'
import { ByteBudget, type ByteHold } from '../../src/limits/byte-budget.ts'

/** The code of the refusal, or undefined. */
function refusal(hold: ByteHold, bytes: number): string | undefined {
  try {
    hold.take(bytes)
  } catch (error) {
    if (error instanceof ApiError) return error.code
    throw error
  }
  return undefined
}

describe('a byte budget', () => {
  test('refuses a process that would hold more than its bytes with 503', () => {
    const budget = new ByteBudget({ totalBytes: 100, tenantBytes: 60 })
    expect(refusal(budget.holdFor(['a']), 60)).toBeUndefined()
    expect(refusal(budget.holdFor(['b']), 41)).toBe('SERVICE_UNAVAILABLE')
    expect(refusal(budget.holdFor(['b']), 40)).toBeUndefined()
  })

  test('refuses a tenant beyond its share with 429, and no other tenant', () => {
    const budget = new ByteBudget({ totalBytes: 100, tenantBytes: 30 })
    expect(refusal(budget.holdFor(['a']), 20)).toBeUndefined()
    expect(refusal(budget.holdFor(['a']), 11)).toBe('TOO_MANY_REQUESTS')
    expect(refusal(budget.holdFor(['b']), 30)).toBeUndefined()
  })

  test('counts an actor over all its tenants', () => {
    const budget = new ByteBudget({ totalBytes: 100, tenantBytes: 30 })
    expect(refusal(budget.holdFor(['tenant a', 'actor x']), 20)).toBeUndefined()
    expect(refusal(budget.holdFor(['tenant b', 'actor x']), 11)).toBe('TOO_MANY_REQUESTS')
    expect(refusal(budget.holdFor(['tenant b', 'actor y']), 11)).toBeUndefined()
  })

  test('passes one text that is larger than the share of a tenant without others', () => {
    const budget = new ByteBudget({ totalBytes: 100, tenantBytes: 30 })
    expect(refusal(budget.holdFor(['a']), 90)).toBeUndefined()
    expect(refusal(budget.holdFor(['a']), 1)).toBe('TOO_MANY_REQUESTS')
  })

  test('lets a request of a tenant grow that holds nothing else', () => {
    const hold = new ByteBudget({ totalBytes: 100, tenantBytes: 30 }).holdFor(['a'])
    expect([refusal(hold, 30), refusal(hold, 30), refusal(hold, 41)]).toEqual([
      undefined,
      undefined,
      'SERVICE_UNAVAILABLE',
    ])
  })

  test('counts nothing of a refusal', () => {
    const budget = new ByteBudget({ totalBytes: 100, tenantBytes: 30 })
    budget.holdFor(['a']).take(20)
    refusal(budget.holdFor(['a']), 11)
    refusal(budget.holdFor(['b']), 99)
    expect(budget.state).toEqual({ bytes: 20, holders: 1 })
  })

  test('returns the bytes of a request once', () => {
    const budget = new ByteBudget({ totalBytes: 100 })
    const [first, second] = [budget.holdFor(['a']), budget.holdFor(['a'])]
    first.take(10)
    second.take(10)
    first.release()
    first.release()
    expect(budget.state).toEqual({ bytes: 10, holders: 1 })
    second.release()
    expect(budget.state).toEqual({ bytes: 0, holders: 0 })
  })

  test('gives a tenant a quarter of the process by default', () => {
    const budget = new ByteBudget({ totalBytes: 100 })
    budget.holdFor(['a']).take(24)
    expect([refusal(budget.holdFor(['a']), 2), refusal(budget.holdFor(['a']), 1)]).toEqual([
      'TOO_MANY_REQUESTS',
      undefined,
    ])
  })

  test.each([0, 1.5, Number.NaN])('refuses %p as its bytes', (totalBytes) => {
    expect(() => new ByteBudget({ totalBytes })).toThrow(TypeError)
  })
})
