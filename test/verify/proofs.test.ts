import { describe, expect, test } from 'bun:test'
import type { Guarantee } from '../docs/guarantees.ts'
import { readJunit } from './junit.ts'
import { unprovedBy } from './proofs.ts'

const report = `<testsuites><testsuite name="test/a.test.ts" file="test/a.test.ts">
  <testcase name="reads &quot;x&quot; &amp; &#39;y&#39;" classname="a row" time="0.1" file="test/a.test.ts" line="3" />
  <testcase name="writes" classname="" file="test/a.test.ts"><skipped /></testcase>
  <testcase name="deletes" classname="" file="test/a.test.ts"><failure type="AssertionError" /></testcase>
</testsuite></testsuites>`

test('a JUnit report is read with the titles as the tests have them', () => {
  expect(readJunit(report)).toEqual([
    { file: 'test/a.test.ts', title: `a row > reads "x" & 'y'`, result: 'passed' },
    { file: 'test/a.test.ts', title: 'writes', result: 'skipped' },
    { file: 'test/a.test.ts', title: 'deletes', result: 'failed' },
  ])
})

describe('a guarantee', () => {
  const outcomes = readJunit(report)
  const reasonsFor = (title: string, file = 'test/a.test.ts') => {
    const guarantee: Guarantee = { number: 1, topic: 'data', title: 'One', text: 'One.', tests: [{ file, title }] }
    return unprovedBy(outcomes, 'fast', [guarantee]).map(({ reason }) => reason)
  }

  test('is proved by a test that passed', () => expect(reasonsFor('a row > reads')).toEqual([]))
  test('is proved by a test.each, whose title has placeholders', () => expect(reasonsFor('reads %p & %s')).toEqual([]))
  test('is not proved by a test that was skipped', () => expect(reasonsFor('writes')).toEqual(['was skipped']))
  test('is not proved by a test that failed', () => expect(reasonsFor('deletes')).toEqual(['failed']))
  test('is not proved by a title that no test has', () => expect(reasonsFor('truncates')).toEqual(['did not run']))
  test('is not proved by a test of another file', () =>
    expect(reasonsFor('reads', 'test/b.test.ts')).toEqual(['did not run']))
})
