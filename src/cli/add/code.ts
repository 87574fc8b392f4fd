import { dirname, relative } from 'node:path'

/** The longest line. */
export const width = 120

/** Code with a list in it, in one line where it fits, else with one part a line. */
export function fit(before: string, parts: string[], after: string, indent = ''): string {
  const [open, close] = before.endsWith('{') ? [' ', ' '] : ['', '']
  const line = `${indent}${before}${open}${parts.join(', ')}${close}${after}`
  if (line.length <= width) return line
  return [`${indent}${before}`, ...parts.map((part) => `${indent}  ${part},`), `${indent}${after}`].join('\n')
}

/** The beginning of an arrow function and the expression that it returns, which is in the next line where it does not fit. */
export function arrow(head: string, body: string, indent = ''): string {
  const lastLine = head.slice(head.lastIndexOf('\n') + 1)
  const fits = lastLine.length + 1 + body.length <= width
  return fits ? `${head} ${body}` : `${head}\n${indent}  ${body}`
}

/** A line that ends with a chain of calls: one call a line where they do not fit, and where a long chain has a regular expression. */
export function chain(before: string, calls: string, after: string, indent = ''): string {
  const line = `${indent}${before}${calls}${after}`
  const parts = partsOf(calls)
  if (line.length <= width && !(parts.length > 4 && calls.includes('/^'))) return line
  const [first, ...rest] = parts
  return `${indent}${before}${first}${rest.map((part) => `\n${indent}  .${part}`).join('')}${after}`
}

/** What the dots outside of parentheses separate. */
function partsOf(calls: string): string[] {
  const parts: string[] = []
  let [depth, start] = [0, 0]
  for (const [index, letter] of [...calls].entries()) {
    if (letter === '(') depth += 1
    if (letter === ')') depth -= 1
    if (letter !== '.' || depth > 0) continue
    parts.push(calls.slice(start, index))
    start = index + 1
  }
  return [...parts, calls.slice(start)]
}

/** Lines of code, each with one more indentation. */
export const indented = (lines: string): string => lines.replaceAll(/^/gm, '  ')

/** One import: the names, which may begin with `type `, and what they are imported from. */
export type Import = [names: string[], from: string]

/** The imports of a file: packages first, then modules, the farthest first. */
export function importLines(imports: Import[]): string {
  const merged = new Map<string, Set<string>>()
  for (const [names, from] of imports)
    if (names.length > 0) merged.set(from, new Set([...(merged.get(from) ?? []), ...names]))
  const rank = (from: string) => (from.includes(':') ? 0 : from.startsWith('.') ? 2 : 1)
  return [...merged]
    .toSorted(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .map(([from, names]) => importLine([...names], from))
    .join('\n')
}

function importLine(names: string[], from: string): string {
  // As formatters sort: letter by letter, and a capital in front of the same small letter.
  const key = (name: string) => name.replace(/^type /, '').replaceAll(/./g, (letter) => letter.toLowerCase() + letter)
  const sorted = names.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
  const isType = sorted.every((name) => name.startsWith('type '))
  const parts = isType ? sorted.map((name) => name.replace(/^type /, '')) : sorted
  return fit(isType ? 'import type {' : 'import {', parts, `} from '${from}'`)
}

/** The path of a module as another one imports it. */
export function modulePath(from: string, to: string, extension: string): string {
  const path = relative(dirname(from), to)
    .replaceAll('\\', '/')
    .replace(/\.[cm]?[jt]s$/, extension)
  return path.startsWith('.') ? path : `./${path}`
}
