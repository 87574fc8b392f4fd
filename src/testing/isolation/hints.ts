import { textLike } from './pattern.ts'

/** Values from the text of constraints, to try after plain values. */
export interface Hints {
  texts: string[]
  numbers: number[]
  measuresLength: boolean
}

/**
 * Reads literals, bounds and patterns from constraints as PostgreSQL prints them.
 *
 * @param seed gives every row other texts
 * @example
 * hintsFrom(["CHECK ((status = ANY (ARRAY['todo'::text, 'done'::text])))"], 1).texts // ['todo', 'done']
 */
export function hintsFrom(definitions: string[], seed: number): Hints {
  const definition = definitions.join(' ')
  const literals = [...definition.matchAll(quoted)].map(([, text = '']) => text.replaceAll("''", "'"))
  const patterns = [...definition.matchAll(/ ~\*? '((?:[^']|'')*)'/g)].map(([, text = '']) =>
    text.replaceAll("''", "'"),
  )
  const sampled = patterns.map((pattern) => textLike(pattern, seed)).filter((text) => text !== undefined)
  const listed = literals.filter((text) => /^\{.*\}$/s.test(text)).flatMap(elementsOf)
  const bare = [...definition.replaceAll(quoted, '').matchAll(/(?<![\w."])\d+(?:\.\d+)?(?![\w"])/g)].map(
    ([text]) => text,
  )
  const numbers = [...bare, ...literals].filter((text) => text !== '' && Number.isFinite(Number(text))).map(Number)
  return {
    texts: [...new Set([...sampled, ...listed, ...literals])],
    numbers: [...new Set(numbers)],
    measuresLength: /length\(|octet_length\(|cardinality\(/.test(definition),
  }
}

const quoted = /'((?:[^']|'')*)'/g

/** The elements of an array literal, `{a,"b c"}`. */
const elementsOf = (array: string): string[] =>
  array
    .slice(1, -1)
    .split(',')
    .map((element) => element.replace(/^"(.*)"$/, '$1'))
