import { escaped } from '../../text/index.ts'

// A control character can end a comment, `$$` a function body, and `-->` a statement of a file that "rowhouse migrate" runs.
const special = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|\$\$|-->/u
const escapable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}$>\\]/gu

/** A quoted identifier of one line. */
export const identifier = (name: string): string => quoted(name, '"')

/** A text constant of one line. */
export const literal = (text: string): string => quoted(text, "'")

/** A text for a comment of one line. */
export const comment = (text: string): string => escaped(text).replaceAll('-->', '--\\x3e')

/** A text constant of one line that is an array of texts (PostgreSQL, chapter 8.15.6). */
export const arrayLiteral = (texts: readonly string[]): string => literal(`{${texts.map(element).join(',')}}`)

const element = (text: string): string =>
  /^[a-z_][a-z0-9_.]*$/.test(text) && text !== 'null' ? text : `"${text.replaceAll(/["\\]/g, '\\$&')}"`

/** Unicode escapes: PostgreSQL, chapters 4.1.2.3 and 4.1.1. */
function quoted(text: string, quote: '"' | "'"): string {
  const inner = text.replaceAll(quote, quote + quote)
  if (!special.test(text)) return quote + inner + quote
  return `U&${quote}${inner.replaceAll(escapable, unicodeEscape)}${quote}`
}

function unicodeEscape(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16)
  return code.length > 4 ? `\\+${code.padStart(6, '0')}` : `\\${code.padStart(4, '0')}`
}

/** A statement or sentence in which quoted names and constants with control characters have Unicode escapes. */
export const inOneLine = (text: string): string =>
  text.replaceAll(/"((?:[^"]|"")*)"|'((?:[^']|'')*)'/g, (whole, name?: string, value?: string) =>
    !/\p{Cc}/u.test(whole)
      ? whole
      : name === undefined
        ? literal((value ?? '').replaceAll("''", "'"))
        : identifier(name.replaceAll('""', '"')),
  )
