import { describe, expect, test } from 'bun:test'
import { readJunit } from './junit.ts'
import { unprovedBy } from './proofs.ts'

const report = `<testsuites><testsuite name="test/a.test.ts" file="test/a.test.ts">
  <testcase name="reads &quot;x&quot; &amp; &#39;y&#39;" classname="a row" time="0.1" file="test/a.test.ts" line="3" />
  <testcase name="writes" classname="" file="test/a.test.ts"><skipped /></testcase>
  <testcase name="deletes" classname="" file="test/a.test.ts"><failure type="AssertionError" /></testcase>
</testsuite></testsuites>`

describe('the report of a run', () => {
  test('is read with the titles as they were written', () => {
    expect(readJunit(report)).toEqual([
      { file: 'test/a.test.ts', title: `a row > reads "x" & 'y'`, result: 'passed' },
      { file: 'test/a.test.ts', title: 'writes', result: 'skipped' },
      { file: 'test/a.test.ts', title: 'deletes', result: 'failed' },
    ])
  })
})

describe('a guarantee', () => {
  const outcomes = readJunit(report)
  const named = (title: string, file = 'test/a.test.ts') =>
    unprovedBy(outcomes, 'fast', [{ number: 1, guarantee: 'One', tests: [{ file, title }] }]).map(
      ({ reason }) => reason,
    )

  test('is proved by a test that passed', () => expect(named('a row > reads')).toEqual([]))
  test('is proved by a test.each, whose title has placeholders', () => expect(named('reads %p & %s')).toEqual([]))
  test('is not proved by a test that was skipped', () => expect(named('writes')).toEqual(['was skipped']))
  test('is not proved by a test that failed', () => expect(named('deletes')).toEqual(['failed']))
  test('is not proved by a title that no test has', () => expect(named('truncates')).toEqual(['did not run']))
  test('is not proved by a test of another file', () =>
    expect(named('reads', 'test/b.test.ts')).toEqual(['did not run']))
})
