/**
 * Finds the known word that a misspelt one probably means: the nearest one that differs by at most `max` letters, or only in
 * upper and lower case.
 *
 * @example
 * nearestWord('sslmod', ['sslmode', 'port']) // 'sslmode'
 */
export function nearestWord(word: string, known: readonly string[], max = 2): string | undefined {
  const given = word.toLowerCase()
  const distances = known.map((one) => ({ one, distance: editDistance(given, one.toLowerCase()) }))
  const [nearest] = distances.toSorted((a, b) => a.distance - b.distance)
  return nearest && nearest.distance <= Math.min(max, given.length / 3) ? nearest.one : undefined
}

/** How many letters must be inserted, removed or replaced (Levenshtein). */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j += 1) {
      const replaced = (row[j] ?? 0) + (letter === b[j] ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
