/**
 * A text that a regular expression of literals, classes, groups, alternatives and quantifiers accepts.
 *
 * @param seed other seeds give other texts, if the expression accepts several
 * @returns undefined for an expression with other elements; the text is a guess that PostgreSQL checks
 * @example
 * textLike('^[A-Z]{2}-\\d+$', 1) // such as 'KB-7270'
 */
export function textLike(pattern: string, seed: number): string | undefined {
  let at = 0
  let turn = seed
  const pick = <Item>(items: readonly Item[]): Item | undefined => {
    turn = (turn * 31 + 17) % 65_521
    return items[turn % items.length]
  }
  type Make = () => string | undefined

  function alternatives(): Make {
    const options = [sequence()]
    while (pattern[at] === '|') {
      at += 1
      options.push(sequence())
    }
    return () => pick(options)?.()
  }
  function sequence(): Make {
    const parts: Make[] = []
    while (at < pattern.length && pattern[at] !== '|' && pattern[at] !== ')') parts.push(quantified(atom()))
    return () => joined(parts.map((part) => part()))
  }
  function atom(): Make {
    const character = pattern[at++] ?? ''
    if (character === '^' || character === '$') return () => ''
    if (character === '.') return () => pick(lower)
    if (character === '[') return oneOf(characterClass())
    if (character === '\\') return oneOf(escaped(pattern[at++] ?? ''))
    if (character !== '(') return () => character
    if (pattern[at] === '?') {
      if (pattern[at + 1] !== ':') {
        at = pattern.length
        return () => undefined
      }
      at += 2
    }
    const inner = alternatives()
    at += 1
    return inner
  }
  function quantified(make: Make): Make {
    const [found, least, upTo] = /^(?:[*+?]|\{(\d+)(,\d*)?\})\??/.exec(pattern.slice(at)) ?? ['']
    at += found.length
    if (found === '' || found.startsWith('+')) return repeat(make, found === '' ? 1 : 4)
    if (found.startsWith('?')) return repeat(make, 0)
    if (found.startsWith('*')) return repeat(make, 1)
    // More than the minimum, because a short text is more likely to exist already.
    const most = upTo === undefined ? Number(least) : Number(upTo.slice(1) || 4)
    return repeat(make, Math.max(Number(least), Math.min(most, 4)))
  }
  function characterClass(): readonly string[] | undefined {
    const isNegated = pattern[at] === '^'
    if (isNegated) at += 1
    const members: string[] = []
    for (let first = true; at < pattern.length && (first || pattern[at] !== ']'); first = false) {
      const named = /^\[:(\w+):\]/.exec(pattern.slice(at))
      if (named) {
        at += named[0].length
        members.push(...(classes[named[1] ?? ''] ?? []))
      } else if (pattern[at] === '\\') {
        members.push(...(escaped(pattern[at + 1] ?? '') ?? []))
        at += 2
      } else if (pattern[at + 1] === '-' && pattern[at + 2] !== ']') {
        members.push(...range(pattern[at] ?? '', pattern[at + 2] ?? ''))
        at += 3
      } else members.push(pattern[at++] ?? '')
    }
    at += 1
    return isNegated ? [...lower, ...digits].filter((one) => !members.includes(one)) : members
  }
  const oneOf =
    (members: readonly string[] | undefined): Make =>
    () =>
      members && pick(members)

  return alternatives()()
}

const range = (from: string, to: string): string[] =>
  Array.from({ length: Math.max(0, to.charCodeAt(0) - from.charCodeAt(0) + 1) }, (_, index) =>
    String.fromCharCode(from.charCodeAt(0) + index),
  )
const lower = range('a', 'z')
const upper = range('A', 'Z')
const digits = range('0', '9')
const classes: Record<string, string[]> = {
  alpha: lower,
  lower,
  upper,
  digit: digits,
  alnum: [...lower, ...digits],
  xdigit: [...digits, ...range('a', 'f')],
  space: [' '],
  punct: ['-'],
}

/** The characters of an escape; undefined for an assertion or a back reference. */
function escaped(letter: string): readonly string[] | undefined {
  if (letter === 'd') return digits
  if (letter === 'w') return [...lower, ...digits]
  if (letter === 's') return [' ']
  return /[a-zA-Z0-9]/.test(letter) ? undefined : [letter]
}

const joined = (texts: (string | undefined)[]): string | undefined =>
  texts.includes(undefined) ? undefined : texts.join('')
const repeat = (make: () => string | undefined, times: number) => (): string | undefined =>
  joined(Array.from({ length: times }, make))
