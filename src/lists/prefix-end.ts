const lastCodePoint = 0x10ffff

/** The code point behind another one. The code points of UTF-16's surrogates are no characters. */
const next = (codePoint: number): number => (codePoint === 0xd7ff ? 0xe000 : codePoint + 1)

/**
 * The first text in the order of code points behind all texts with a prefix; undefined: there is no text behind them.
 *
 * @example
 * endOfPrefix('abc') // 'abd'
 */
export function endOfPrefix(prefix: string): string | undefined {
  const codePoints = [...prefix].map((character) => character.codePointAt(0) ?? 0)
  while (codePoints.at(-1) === lastCodePoint) codePoints.pop()
  const last = codePoints.pop()
  return last === undefined ? undefined : String.fromCodePoint(...codePoints, next(last))
}
