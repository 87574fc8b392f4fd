import { describe, expect, test } from 'bun:test'
import { getEventListeners } from 'node:events'
import { Bulkhead } from '../../src/limits/bulkhead.ts'

describe('a bulkhead', () => {
  test('forgets a tenant without requests', () => {
    const bulkhead = new Bulkhead({ max: 1, queueMax: 1 })
    const all = ['a', 'b', 'c'].map((tenant) => bulkhead.slotsOf(tenant))
    expect(all.map((slots) => slots.take())).toEqual([true, true, true])
    expect(bulkhead.tenantCount).toBe(3)
    for (const slots of all) slots.release()
    expect(bulkhead.tenantCount).toBe(0)
  })

  test('forgets a tenant after the release of its last waiter', async () => {
    const bulkhead = new Bulkhead({ max: 1, queueMax: 2 })
    const slots = bulkhead.slotsOf('a')
    slots.take()
    const client = new AbortController()
    const aborted = slots.wait(client.signal).catch((reason: unknown) => reason)
    const waited = slots.wait(undefined)
    client.abort('gone')
    slots.release()
    await waited
    expect([await aborted, bulkhead.tenantCount]).toEqual(['gone', 1])
    slots.release()
    expect(bulkhead.tenantCount).toBe(0)
  })

  test('returns the same slots for a tenant while one of them is taken', () => {
    const bulkhead = new Bulkhead({ max: 2, queueMax: 0 })
    bulkhead.slotsOf('a').take()
    bulkhead.slotsOf('a').take()
    bulkhead.slotsOf('a').release()
    expect([bulkhead.slotsOf('a').take(), bulkhead.slotsOf('a').take()]).toEqual([true, false])
  })

  test('rejects a waiter whose client disconnected', () => {
    const slots = new Bulkhead({ max: 1, queueMax: 1 }).slotsOf('a')
    slots.take()
    expect(() => slots.wait(AbortSignal.abort(new Error('gone')))).toThrow('gone')
    expect(slots.wait(undefined)).toBeInstanceOf(Promise)
  })

  test('removes its listener from the signal of a waiter that got a slot', async () => {
    const slots = new Bulkhead({ max: 1, queueMax: 1 }).slotsOf('a')
    slots.take()
    const client = new AbortController()
    const waited = slots.wait(client.signal)
    slots.release()
    expect(getEventListeners(client.signal, 'abort')).toEqual([])
    client.abort()
    expect(await waited).toBeUndefined()
  })

  test.each([
    [0, 0],
    [1.5, 0],
    [Number.NaN, 0],
    [1, -1],
    [1, 0.5],
    [1, Number.POSITIVE_INFINITY],
  ])('rejects max %p with queueMax %p', (max, queueMax) => {
    expect(() => new Bulkhead({ max, queueMax })).toThrow(TypeError)
  })
})
