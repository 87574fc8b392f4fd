// Control and formatting characters: a terminal may execute them, hide text or reverse its direction.
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
const short: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function visible(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')
  return short[character] ?? (code.length > 2 ? `\\u{${code}}` : `\\x${code}`)
}

/**
 * Escapes control and formatting characters of a name or a value, which may come from a database of somebody else.
 *
 * @returns a text of one line
 * @example
 * escaped('a\u001b[2J') // 'a\\x1b[2J'
 */
export const escaped = (text: string): string => text.replaceAll(hidden, visible)

/** {@link escaped} for a text of several lines, which may be indented by tabs. */
export const escapedLines = (text: string): string =>
  text.replaceAll(hidden, (character) => (character === '\n' || character === '\t' ? character : visible(character)))

/** Escapes what JSON.stringify leaves: U+007F and above. The text stays the same JSON. */
export const escapedJson = (json: string): string =>
  json.replaceAll(hidden, (character) =>
    character === '\n'
      ? character
      : Array.from({ length: character.length }, (_, at) => unit(character.charCodeAt(at))).join(''),
  )

const unit = (code: number): string => `\\u${code.toString(16).padStart(4, '0')}`
