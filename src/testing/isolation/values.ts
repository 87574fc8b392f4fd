import type { Hints } from './hints.ts'
import type { Type } from './read-catalogue.ts'

/**
 * Values to try for a column of a type, plain ones first. PostgreSQL decides which one fits.
 *
 * @param modifier the type modifier as the catalogue encodes it; -1 without one
 * @param seed differs in every row, for unique keys: 1 to 32,000
 */
export function valuesOf(
  type: Type,
  modifier: number,
  seed: number,
  hints: Hints,
  types: Map<number, Type>,
): unknown[] {
  const part = (oid: number, of = -1) => {
    const found = types.get(oid)
    return found ? valuesOf(found, of, seed, hints, types) : []
  }
  if (type.kind === 'd') return part(type.base, type.modifier)
  if (type.kind === 'e') return type.labels
  if (type.kind === 'c') return [{}]
  if (type.kind === 'r') return [...part(type.subtype).map((value) => `["${value}",)`), 'empty']
  if (type.kind === 'm') return [...part(type.subtype).map((value) => `{["${value}",)}`), '{}']
  if (type.category === 'A') {
    const lengths = hints.measuresLength ? hints.numbers.filter((length) => length > 1 && length <= 100) : []
    const elements = part(type.element, modifier)
    return [...[1, ...lengths].flatMap((length) => elements.map((element) => Array(length).fill(element))), []]
  }
  const byName = plain[type.name]?.(seed, modifier)
  if (type.category === 'N' && type.name !== 'money') return numbersOf(type, modifier, seed, hints)
  if (type.category === 'S') return textsOf(type, modifier, seed, hints)
  if (type.category === 'D') return [...(byName ?? []), ...hints.texts]
  if (type.name === 'json' || type.name === 'jsonb')
    return [{}, [], Object.fromEntries(hints.texts.map((key) => [key, key])), ...hints.texts, seed, true]
  // A type of an extension: a constraint may contain literals of it.
  return [...(byName ?? [`${seed}`, '', '{}']), ...hints.texts]
}

/** Values of types that are not numbers or text, by name. */
const plain: Record<string, (seed: number, modifier: number) => unknown[]> = {
  bool: () => ['false', 'true'],
  uuid: () => [crypto.randomUUID()],
  bytea: (seed) => [`\\x${seed.toString(16).padStart(8, '0')}`, '\\x'],
  money: (seed) => [`${seed}`],
  date: (seed) => [daysAhead(0), daysAhead(seed), daysAhead(-seed)].map((time) => time.slice(0, 10)),
  timestamp: (seed) => [0, 1, -1, seed].map(daysAhead),
  timestamptz: (seed) => [0, 1, -1, seed].map(daysAhead),
  time: (seed) => [clock(seed), '23:59:59'],
  timetz: (seed) => [`${clock(seed)}+00`],
  interval: (seed) => [`${seed} seconds`, `${seed} days`],
  inet: (seed) => [address(seed)],
  cidr: (seed) => [`${address(seed)}/32`],
  macaddr: (seed) => [`02:00:00:00:${byte(seed >> 8)}:${byte(seed)}`],
  macaddr8: (seed) => [`02:00:00:00:00:00:${byte(seed >> 8)}:${byte(seed)}`],
  bit: (seed, modifier) => [bits(seed, Math.max(1, modifier))],
  varbit: (seed, modifier) => [bits(seed, modifier > 0 ? modifier : 16)],
  tsvector: (seed) => [`word${seed}`],
  tsquery: (seed) => [`word${seed}`],
  xml: (seed) => [`<row>${seed}</row>`],
  jsonpath: () => ['$'],
  point: (seed) => [`(${seed},1)`],
  line: (seed) => [`{1,1,${seed}}`],
  lseg: (seed) => [`[(0,0),(${seed},1)]`],
  box: (seed) => [`(${seed},1),(0,0)`],
  path: (seed) => [`[(0,0),(${seed},1)]`],
  polygon: (seed) => [`((0,0),(${seed},0),(0,1))`],
  circle: (seed) => [`<(0,0),${seed}>`],
  pg_lsn: (seed) => [`0/${seed.toString(16)}`],
  hstore: (seed) => [`row=>${seed}`],
  ltree: (seed) => [`row.n${seed}`],
  vector: (seed, modifier) => [`[${Array(Math.max(1, modifier)).fill(seed)}]`],
  geometry: (seed) => [`POINT(0 ${seed % 90})`, `POLYGON((0 0,0 1,1 1,0 0))`],
  geography: (seed) => [`POINT(0 ${seed % 90})`],
}

function numbersOf(type: Type, modifier: number, seed: number, hints: Hints): unknown[] {
  const bounds = hints.numbers.flatMap((bound) => [bound, bound + 1, bound - 1])
  if (type.name !== 'numeric' || modifier < 0) return [...new Set([seed, ...bounds, 1, 0, -1])].map(String)
  // The modifier of numeric(precision, scale) holds both, plus four.
  const [precision, scale] = [(modifier - 4) >> 16, (modifier - 4) & 0x7ff]
  const whole = 10 ** Math.max(0, precision - scale)
  const fraction = (seed % 10 ** Math.min(precision, scale)) / 10 ** scale
  return [...new Set([seed % whole, fraction, ...bounds, 0, 1])].map((value) => value.toFixed(Math.min(scale, 20)))
}

function textsOf(type: Type, modifier: number, seed: number, hints: Hints): unknown[] {
  const word = `row${seed}`
  const lengths = hints.numbers
    .flatMap((length) => [length, length + 1, length - 1])
    .filter((n) => n >= 0 && n <= 10_000)
  const sized = hints.measuresLength
    ? lengths.map((length) => word.slice(-length || word.length).padEnd(length, 'x'))
    : []
  const words = [word, ...hints.texts, word.toUpperCase(), `${word}@rowhouse.example`, ...sized, `${seed}`, '']
  const most = type.name === 'char' ? 1 : modifier > 4 && type.name !== 'name' ? modifier - 4 : Number.POSITIVE_INFINITY
  // The end of a text differs in every row; for a single character, the letter does.
  const fitted = words.map((text) => (text.length > most ? text.slice(-most) : text))
  const letter = String.fromCharCode(97 + (seed % 26))
  return [...new Set(most === 1 ? [letter, ...fitted] : fitted)]
}

const daysAhead = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString()
const clock = (seed: number): string => new Date(seed * 1000).toISOString().slice(11, 19)
const address = (seed: number): string => `10.0.${(seed >> 8) & 255}.${seed & 255}`
const byte = (value: number): string => (value & 255).toString(16).padStart(2, '0')
const bits = (seed: number, length: number): string => seed.toString(2).padStart(length, '0').slice(-length)
