const [quote, backslash, comma] = [0x22, 0x5c, 0x2c]
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * Returns which limit JSON exceeds, if any, without parsing it: `depth` counts the arrays and objects inside of each
 * other, `nodes` all of them, `fields` those of the object at the top. It stops at the first one too many, where a parser would go on for milliseconds.
 *
 * @example
 * jsonExceeds(new TextEncoder().encode('[[1]]'), { depth: 1, nodes: 10, fields: 10 }) // 'depth'
 */
export function jsonExceeds(
  json: string | Uint8Array,
  limits: { depth: number; nodes: number; fields: number },
): 'depth' | 'nodes' | 'fields' | undefined {
  let [depth, nodes, fields, inString, inTopObject] = [0, 0, 1, false, false]
  const unitAt = typeof json === 'string' ? (at: number) => json.charCodeAt(at) : (at: number) => json[at]
  for (let at = 0; at < json.length; at++) {
    const unit = unitAt(at)
    if (unit === quote) inString = !inString
    else if (inString) at += unit === backslash ? 1 : 0
    else if (unit === openArray || unit === openObject) {
      if (depth === 0) inTopObject = unit === openObject
      if (++depth > limits.depth) return 'depth'
      if (++nodes > limits.nodes) return 'nodes'
    } else if (unit === closeArray || unit === closeObject) depth--
    else if (unit === comma && depth === 1 && inTopObject && ++fields > limits.fields) return 'fields'
  }
  return undefined
}
