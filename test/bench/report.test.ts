import { expect, test } from 'bun:test'
import { drawChart } from '../../bench/report/chart.ts'
import { replaceBetween, resultsAsMarkdown } from '../../bench/report/document.ts'
import { type Measured, merge } from '../../bench/report/results.ts'
import { asText, isMet, short, spread } from '../../bench/report/table.ts'
import type { Verdict } from '../../bench/scenario.ts'

const faster: Verdict = { claim: 'requests', bound: 'at least', target: 1.25, unit: '×', rounds: [1, 2, 3] }
const measured = (name: string, change: Partial<Measured> = {}): Measured => ({
  name,
  title: `GET /${name}?page=1&limit=20`,
  date: '2026-11-23T12:00:00.000Z',
  loadAverage: 0.5,
  quick: false,
  lines: [
    { subject: 'floor', figures: { 'requests/s': [1000, 2000] } },
    { subject: 'rowhouse', figures: { 'requests/s': [3000, 4000] } },
  ],
  verdicts: [faster],
  notes: [],
  ...change,
})

test('a figure is written with about three digits', () => {
  expect([7120.4, 123.4, 12.34, 1.234, 0].map(short)).toEqual(['7,120', '123', '12.3', '1.23', '0.00'])
})

test('several rounds are shown as median and spread, one round as its figure, and no round as a dash', () => {
  expect([[3, 1, 2], [5], []].map(spread)).toEqual(['2.00 (1.00..3.00)', '5.00', '–'])
})

test('the median decides whether a target is met', () => {
  expect(isMet(faster)).toBe(true)
  expect(isMet({ ...faster, target: 2.1 })).toBe(false)
  expect(isMet({ ...faster, bound: 'at most' })).toBe(false)
  expect(isMet({ ...faster, bound: 'at most', target: 2 })).toBe(true)
})

test('columns of a text table are aligned', () => {
  const lines = asText([
    ['', 'rate'],
    ['rowhouse', '1'],
  ])
  expect(lines).toBe('          rate\nrowhouse  1')
})

test('an older result stays until its scenario is measured again, in the order of the scenarios', () => {
  const [old, fresh] = [measured('get'), measured('get', { loadAverage: 9 })]
  expect(merge(['get', 'list'], [measured('list'), old], [fresh])).toEqual([fresh, measured('list')])
})

test('tables replace only the text between their marks', () => {
  const page = 'before\n<!-- results -->\nold\n<!-- /results -->\nafter'
  const once = replaceBetween(page, 'results', 'new')
  expect(once).toBe('before\n<!-- results -->\n\nnew\n\n<!-- /results -->\nafter')
  expect(replaceBetween(once, 'results', 'new')).toBe(once)
})

test('a page without the marks is rejected', () => {
  expect(() => replaceBetween('no marks', 'results', 'new')).toThrow('<!-- results -->')
})

test('the document shows the number of met targets and the machine', () => {
  const machine = { processor: 'CPU', cores: 2, memoryGigabytes: 16, kernel: 'Linux', versions: { Bun: '1.4.5' } }
  const scenarios = [measured('get'), measured('list', { verdicts: [{ ...faster, target: 9 }] })]
  const text = resultsAsMarkdown({ machine, scenarios })
  expect(text).toContain('1 of 2 targets are met. Measured on 2026-11-23. CPU, 2 cores, 16 GB, Linux; Bun 1.4.5.')
  expect(text).toContain('| `list`: requests | at least 9 × | 2.00 (1.00..3.00) × | NOT MET |')
})

test('the chart is well-formed XML', () => {
  expect(openTags(drawChart([measured('get'), measured('<list>')]))).toEqual([])
})

test('the chart shows the floor beside rowhouse, and only scenarios that have both', () => {
  const chart = drawChart([measured('get'), measured('start', { lines: [{ subject: 'warm', figures: { ms: [1] } }] })])
  expect(chart).toContain('>1,500/s<')
  expect(chart).toContain('>3,500/s, 2.50 ×<')
  expect(chart).not.toContain('start')
})

/** Returns the tags that are not closed. Throws for a token that is neither a tag nor text. */
function openTags(xml: string): string[] {
  const open: string[] = []
  for (const [token] of xml.matchAll(/<[^>]*>|[^<]+|</g)) {
    if (!token.startsWith('<')) {
      if (/&(?!(amp|lt|gt|quot);)/.test(token)) throw new Error(`A bare & in: ${token}`)
      continue
    }
    const [, close, name = '', empty] = /^<(\/?)([a-z]+)(?: [a-zA-Z]+="[^"<&]*")*(\/?)>$/.exec(token) ?? []
    if (!name) throw new Error(`No tag: ${token}`)
    if (close && open.pop() !== name) throw new Error(`Closed before its content: ${name}`)
    if (!close && !empty) open.push(name)
  }
  return open
}
