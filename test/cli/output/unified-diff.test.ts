import { expect, test } from 'bun:test'
import { applyPatch } from 'diff'
import fc from 'fast-check'
import { unifiedDiff } from '../../../src/cli/output/unified-diff.ts'

test('shows three lines around a change, and one hunk for each place', () => {
  const before = 'a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\n'
  const after = before.replace('b\n', 'B\n').replace('k\n', '')
  expect(unifiedDiff('x.sql', before, after)).toBe(`--- x.sql
+++ x.sql
@@ -1,5 +1,5 @@
 a
-b
+B
 c
 d
 e
@@ -8,5 +8,4 @@
 h
 i
 j
-k
 l
`)
})

test('joins changes whose surroundings touch', () => {
  const diff = unifiedDiff('x.sql', 'a\nb\nc\nd\ne\nf\ng\nh\n', 'A\nb\nc\nd\ne\nf\ng\nH\n')
  expect(diff.match(/^@@/gm)).toHaveLength(1)
})

test('is empty for the same text', () => {
  expect(unifiedDiff('x.sql', 'a\nb', 'a\nb')).toBe('')
})

test('marks a last line without an end', () => {
  expect(unifiedDiff('x.sql', 'a', 'a\n')).toBe(
    '--- x.sql\n+++ x.sql\n@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n',
  )
})

test('leads from any text to any other one', () => {
  const line = fc.constantFrom('a\n', 'b\n', '\n', '-- c\n', '+ d\n', ' e\n')
  const text = fc
    .tuple(fc.array(line, { maxLength: 40 }), fc.constantFrom('', 'end'))
    .map(([lines, end]) => lines.join('') + end)
  fc.assert(
    fc.property(text, text, (before, after) => {
      const diff = unifiedDiff('x.sql', before, after)
      expect(diff === '' ? before : applyPatch(before, diff)).toBe(after)
    }),
    { numRuns: 200 },
  )
})
