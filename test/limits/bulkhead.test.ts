import { describe, expect, test } from 'bun:test'
import { getEventListeners } from 'node:events'
import { Bulkhead } from '../../src/limits/bulkhead.ts'

const tenants = ['a', 'b', 'c']

describe('a bulkhead', () => {
  test('forgets a tenant of whom nothing is under way', async () => {
    const bulkhead = new Bulkhead({ max: 1, queueMax: 1 })
    const entered = tenants.map((tenant) => bulkhead.of(tenant))
    expect(entered.map((compartment) => compartment.enter())).toEqual([true, true, true])
    expect(bulkhead.size).toBe(3)
    for (const compartment of entered) compartment.leave()
    expect(bulkhead.size).toBe(0)
  })

  test('forgets a tenant when the last that waited has left', async () => {
    const bulkhead = new Bulkhead({ max: 1, queueMax: 2 })
    const compartment = bulkhead.of('a')
    compartment.enter()
    const client = new AbortController()
    const gone = compartment.wait(client.signal).catch((reason: unknown) => reason)
    const waited = compartment.wait(undefined)
    client.abort('gone')
    compartment.leave()
    await waited
    expect([await gone, bulkhead.size]).toEqual(['gone', 1])
    compartment.leave()
    expect(bulkhead.size).toBe(0)
  })

  test('knows one compartment of a tenant for as long as something of it is under way', () => {
    const bulkhead = new Bulkhead({ max: 2, queueMax: 0 })
    bulkhead.of('a').enter()
    bulkhead.of('a').enter()
    bulkhead.of('a').leave()
    expect([bulkhead.of('a').enter(), bulkhead.of('a').enter()]).toEqual([true, false])
  })

  test('does not let wait whose client is gone already', async () => {
    const compartment = new Bulkhead({ max: 1, queueMax: 1 }).of('a')
    compartment.enter()
    expect(() => compartment.wait(AbortSignal.abort(new Error('gone')))).toThrow('gone')
    expect(compartment.wait(undefined)).toBeInstanceOf(Promise)
  })

  test('asks nothing more of a signal whose request had its turn', async () => {
    const compartment = new Bulkhead({ max: 1, queueMax: 1 }).of('a')
    compartment.enter()
    const client = new AbortController()
    const waited = compartment.wait(client.signal)
    compartment.leave()
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
  ])('refuses to be made for %p at a time and %p that wait', (max, queueMax) => {
    expect(() => new Bulkhead({ max, queueMax })).toThrow(TypeError)
  })
})
