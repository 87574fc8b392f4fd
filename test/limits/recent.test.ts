import { describe, expect, test } from 'bun:test'
import { Recent } from '../../src/database/index.ts'
import { Clock } from './app.ts'

function build(max = 100) {
  const clock = new Clock()
  return { clock, recent: new Recent<number>({ lifetimeMs: 1000, max, now: clock.now }) }
}

describe('a map of what is recent', () => {
  test.each([0, 1, 500, 999, 1500, 5000])(
    'keeps an entry for its lifetime, when it was set %p ms after the start',
    (startMs) => {
      const { clock, recent } = build()
      clock.move(startMs)
      recent.set('a', 1)
      clock.move(999)
      expect(recent.get('a')).toBe(1)
    },
  )

  test('keeps what is asked for no longer than twice its lifetime', () => {
    const { clock, recent } = build()
    recent.set('a', 1)
    const seen = [1000, 999, 1].map((ms) => {
      clock.move(ms)
      return recent.get('a')
    })
    expect(seen).toEqual([1, 1, undefined])
  })

  test('keeps what is set again', () => {
    const { clock, recent } = build()
    for (let value = 1; value <= 10; value += 1) {
      recent.set('a', value)
      clock.move(900)
      expect(recent.get('a')).toBe(value)
    }
  })

  test('has forgotten everything after a long silence', () => {
    const { clock, recent } = build()
    recent.set('a', 1)
    clock.move(2000)
    expect(recent.get('a')).toBeUndefined()
  })

  test('gives the newer of two values', () => {
    const { clock, recent } = build()
    recent.set('a', 1)
    clock.move(1000)
    recent.set('a', 2)
    expect(recent.get('a')).toBe(2)
  })

  test('gives a null that was set, not the value before it', () => {
    const recent = new Recent<number | null>({ lifetimeMs: 1000, max: 1 })
    recent.set('a', 1)
    recent.set('b', 1)
    recent.set('a', null)
    expect(recent.get('a')).toBeNull()
  })

  test('holds at most twice as many entries as a generation may', () => {
    const { recent } = build(10)
    const keys = Array.from({ length: 1000 }, (_, n) => String(n))
    for (const key of keys) recent.set(key, 1)
    const kept = keys.filter((key) => recent.get(key) !== undefined)
    expect(kept).toEqual(keys.slice(-20))
  })

  test('forgets nothing for an entry that is set again in a full generation', () => {
    const { recent } = build(1)
    for (const key of ['a', 'b', 'b']) recent.set(key, 1)
    expect([recent.get('a'), recent.get('b')]).toEqual([1, 1])
  })

  test('forgets in time though the clock was set back', () => {
    const { clock, recent } = build()
    recent.set('a', 1)
    clock.move(-3_600_000)
    expect(recent.get('a')).toBe(1)
    clock.move(1000)
    expect(recent.get('a')).toBeUndefined()
  })
})
