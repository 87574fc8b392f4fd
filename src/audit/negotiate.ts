import type { Context } from 'hono'
import { parseAccept } from 'hono/utils/accept'

/**
 * The media type that a client prefers (RFC 9110, section 12.5.1): by its weight, then one that it names, then the first. Without a
 * type that it accepts it is the first one, as the section allows.
 */
export function negotiated<Type extends string>(c: Context, types: readonly [Type, ...Type[]]): Type {
  const accepted = parseAccept(c.req.header('Accept') ?? '*/*')
  const found = types.map((type) => {
    const ranges = [type, `${type.split('/')[0]}/*`, '*/*']
    const matches = ranges.map((range) => accepted.find((one) => one.type.toLowerCase() === range)?.q)
    const place = matches.findIndex((q) => q !== undefined)
    return { type, weight: matches[place] ?? 0, place }
  })
  const [best] = found.toSorted((one, other) => other.weight - one.weight || one.place - other.place)
  return best && best.weight > 0 ? best.type : types[0]
}
