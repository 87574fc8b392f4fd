const [quote, backslash, comma] = [0x22, 0x5c, 0x2c]
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * Returns which limit JSON in UTF-8 exceeds, if any, without parsing it: `depth` counts the arrays and objects inside of each
 * other, `nodes` all of them, `fields` those of the object at the top. It stops at the first one too many, where a parser would go on for milliseconds.
 *
 * @example
 * jsonExceeds(new TextEncoder().encode('[[1]]'), { depth: 1, nodes: 10, fields: 10 }) // 'depth'
 */
export function jsonExceeds(
  json: Uint8Array,
  limits: { depth: number; nodes: number; fields: number },
): 'depth' | 'nodes' | 'fields' | undefined {
  let [depth, nodes, fields, inString, inTopObject] = [0, 0, 1, false, false]
  for (let at = 0; at < json.length; at++) {
    const byte = json[at]
    if (byte === quote) inString = !inString
    else if (inString) at += byte === backslash ? 1 : 0
    else if (byte === openArray || byte === openObject) {
      if (depth === 0) inTopObject = byte === openObject
      if (++depth > limits.depth) return 'depth'
      if (++nodes > limits.nodes) return 'nodes'
    } else if (byte === closeArray || byte === closeObject) depth--
    else if (byte === comma && depth === 1 && inTopObject && ++fields > limits.fields) return 'fields'
  }
  return undefined
}
