/** A line that both texts have, or only the first or the second one. */
interface Line {
  sign: ' ' | '-' | '+'
  text: string
}

/** How many unchanged lines surround a change. */
const context = 3

/**
 * The difference between two texts as a unified diff, which `git apply` and `patch` read. The package `diff` would be one more to install
 * for every user of the kit; the texts here have some hundred lines.
 *
 * @param name the file, as the diff names it
 * @returns an empty text when the texts are the same
 * @example
 * unifiedDiff('sql/50-own.sql', 'select 1;\n', 'select 2;\n') // '--- sql/50-own.sql\n+++ sql/50-own.sql\n@@ -1,1 +1,1 @@\n-select 1;\n+select 2;\n'
 */
export function unifiedDiff(name: string, before: string, after: string): string {
  const lines = compareLines(linesOf(before), linesOf(after))
  const ranges: { start: number; end: number }[] = []
  for (const [index, { sign }] of lines.entries()) {
    if (sign === ' ') continue
    const [last, start, end] = [ranges.at(-1), Math.max(0, index - context), index + context + 1]
    if (last && start <= last.end) last.end = end
    else ranges.push({ start, end })
  }
  if (ranges.length === 0) return ''
  return `--- ${name}\n+++ ${name}\n${ranges.map(({ start, end }) => hunk(lines, start, end)).join('')}`
}

/** The lines of a text with their ends: the last one may have none. */
const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

function hunk(lines: Line[], start: number, end: number): string {
  const part = lines.slice(start, end)
  const range = (other: '-' | '+') => {
    const count = part.filter(({ sign }) => sign !== other).length
    const earlier = lines.slice(0, start).filter(({ sign }) => sign !== other).length
    return `${count === 0 ? earlier : earlier + 1},${count}`
  }
  const text = part.map(
    ({ sign, text }) => sign + (text.endsWith('\n') ? text : `${text}\n\\ No newline at end of file\n`),
  )
  return `@@ -${range('+')} +${range('-')} @@\n${text.join('')}`
}

/** The longest common subsequence of lines, with what only one text has between them. */
function compareLines(before: string[], after: string[]): Line[] {
  const width = after.length + 1
  const lengths = new Uint32Array((before.length + 1) * width) // of the common lines from a pair of lines on
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0
  for (let i = before.length - 1; i >= 0; i -= 1)
    for (let j = after.length - 1; j >= 0; j -= 1)
      lengths[i * width + j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  const lines: Line[] = []
  let [i, j] = [0, 0]
  while (i < before.length || j < after.length) {
    const [old = '', now = ''] = [before[i], after[j]]
    if (i < before.length && j < after.length && old === now) {
      lines.push({ sign: ' ', text: old })
      i += 1
      j += 1
    } else if (j >= after.length || (i < before.length && at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ sign: '-', text: old })
      i += 1
    } else {
      lines.push({ sign: '+', text: now })
      j += 1
    }
  }
  return lines
}
