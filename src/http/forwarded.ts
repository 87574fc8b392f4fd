/** What one proxy says in `Forwarded`: the values by their names in lower case. */
export type ForwardedElement = ReadonlyMap<string, string>

// A pair or nothing, and what ends it. A quoted value may contain commas and semicolons. No two blanks stand side by side: a long row
// of blanks would take quadratic time.
const token = "[!#$%&'*+.^_`|~\\w-]+"
const part = new RegExp(`[ \\t]*(?:(${token})=(?:(${token})|"((?:[^"\\\\]|\\\\.)*)")[ \\t]*)?([,;]|$)`, 'y')

/**
 * Parses the header `Forwarded` (RFC 7239, section 4).
 *
 * @returns an element for each proxy, the first one first; undefined for a malformed header
 * @example
 * parseForwarded('for=192.0.2.60;proto=https, for=10.0.0.1') // [Map { for, proto }, Map { for }]
 */
export function parseForwarded(text: string): ForwardedElement[] | undefined {
  let element = new Map<string, string>()
  const elements = [element]
  part.lastIndex = 0
  for (;;) {
    const found = part.exec(text)
    if (!found) return undefined
    const [, name, plain, quoted, end] = found
    if (name !== undefined) {
      const key = name.toLowerCase()
      if (element.has(key)) return undefined // each parameter occurs once
      element.set(key, plain ?? (quoted ?? '').replaceAll(/\\(.)/g, '$1'))
    }
    if (end === '') return elements
    if (end === ',') {
      element = new Map()
      elements.push(element)
    }
  }
}

/** The address in `for`, without its port and without the brackets of IPv6 (section 6). */
export const addressOf = (node: string): string =>
  /^\[([^\]]*)\](?::\w+)?$/.exec(node)?.[1] ?? /^([\d.]+):\w+$/.exec(node)?.[1] ?? node
