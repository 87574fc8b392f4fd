/**
 * A number with its noun.
 *
 * @example
 * countOf(1, 'row') // '1 row'
 * countOf(2, 'entry', 'entries') // '2 entries'
 */
export const countOf = (count: number, one: string, several = `${one}s`): string =>
  `${count} ${count === 1 ? one : several}`
