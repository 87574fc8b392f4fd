const [quote, backslash, openArray, closeArray, openObject, closeObject] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d]

/**
 * Returns whether JSON in UTF-8 has more than `max` arrays and objects inside of each other. It does not parse, and stops at the
 * first one too many: a parser needs milliseconds for 100 KB of brackets.
 *
 * @example
 * nestsDeeperThan(new TextEncoder().encode('[[1]]'), 1) // true
 */
export function nestsDeeperThan(json: Uint8Array, max: number): boolean {
  let depth = 0
  let inString = false
  for (let at = 0; at < json.length; at++) {
    const byte = json[at]
    if (byte === quote) inString = !inString
    else if (inString) at += byte === backslash ? 1 : 0
    else if (byte === openArray || byte === openObject) depth++
    else if (byte === closeArray || byte === closeObject) depth--
    if (depth > max) return true
  }
  return false
}
