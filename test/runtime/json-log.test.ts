import { describe, expect, test } from 'bun:test'
import { assert, boolean, constant, dictionary, double, oneof, property, string } from 'fast-check'
import { pino } from 'pino'
import { jsonLog } from '../../src/runtime/log.ts'
import { tries } from '../properties/settings.ts'

type Level = Parameters<typeof jsonLog>[0]

/** The line that the log writes and the line that pino writes, both without the time. */
function linesOf(fields: object, message: string, { level = 'info' as Level } = {}) {
  const [lines, expected]: [string[], string[]] = [[], []]
  const destination = (to: string[]) => ({
    write: (line: string) => void to.push(line.replace(/"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",/, '')),
  })
  jsonLog(level, destination(lines)).info(fields, message)
  const formatters = { level: (word: string) => ({ level: word }) }
  pino({ level, base: {}, formatters, timestamp: pino.stdTimeFunctions.isoTime }, destination(expected)).info(
    fields,
    message,
  )
  return { lines, expected }
}

const name = string({ unit: constant('a'), minLength: 1, maxLength: 8 })
const text = oneof(string(), string({ unit: 'binary' }), string({ unit: 'grapheme', maxLength: 200 }))
const value = oneof(text, double(), boolean(), constant(null), constant(undefined))

const cycle: Record<string, unknown> = { a: 1 }
cycle.b = { cycle }

test.each(['debug', 'info', 'warn', 'error'] as const)('a line of the level %s has the level as a word', (level) => {
  const lines: string[] = []
  jsonLog('debug', { write: (line) => void lines.push(line) })[level]({ code: 'X' }, 'done')
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ level, code: 'X', msg: 'done' }])
})

describe('a line of information', () => {
  test('has the same bytes as pino writes', () => {
    assert(
      property(dictionary(name, value), text, (fields, message) => {
        const { lines, expected } = linesOf({ ...fields }, message)
        expect(lines).toEqual(expected)
      }),
      tries(500),
    )
  })

  test.each<[string, object]>([
    ['an error', new Error('no')],
    ['an error among its fields', { err: new Error('no') }],
    ['objects in objects', { a: { b: { c: { d: { e: { f: { g: 1 } } } } } } }],
    ['a cycle', cycle],
    ['a bigint', { a: 1n }],
    ['a date', { at: new Date(0) }],
    ['a function', { a: () => 1, b: 2 }],
    ['a number that is none', { a: Number.NaN, b: Number.POSITIVE_INFINITY, c: -0 }],
    ['no fields', {}],
  ])('with %s has the same bytes as pino writes', (_, fields) => {
    const { lines, expected } = linesOf(fields, 'done')
    expect(lines).toEqual(expected)
  })

  test('is not written above its level', () => {
    expect(linesOf({}, 'done', { level: 'warn' }).lines).toEqual([])
  })
})
