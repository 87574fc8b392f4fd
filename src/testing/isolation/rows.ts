import type { SQL } from 'drizzle-orm'
import { attempt, type Outcome } from './attempt.ts'
import { byDefault, choicesFor, type RowRequest, referringToItself } from './choices.ts'
import { isJson, layersOf, type Row } from './read-catalogue.ts'
import type { Statements } from './statements.ts'

/** The row as it is in the table, or the last row that PostgreSQL refused, with the error. */
export type Found = { row: Row } | { tried: Row; refusal: Exclude<Outcome, { reached: number }> }

const triesMax = 400

/**
 * Finds a row that PostgreSQL accepts: plain values first, then values from the constraints that refuse them.
 *
 * @param end `undo` finds the row without keeping it
 */
export async function findRow(request: RowRequest, end: 'undo' | 'keep'): Promise<Found> {
  const { db, statements, tenant } = request
  const choices = choicesFor(request)
  const chosen = new Map([...choices.keys()].map((name) => [name, 0]))
  const current = () => {
    const values = [...choices].map(([name, of]) => [name, of[chosen.get(name) ?? 0]] as const)
    return referringToItself(statements.relation, Object.fromEntries(values.filter(([, value]) => value !== byDefault)))
  }
  for (let tries = 1; ; tries += 1) {
    const tried = current()
    const outcome = await attempt(db, tenant, [insertOf(statements, tried)], end)
    if ('reached' in outcome) return { row: { ...tried, ...documentOf(outcome.rows[0]) } }
    if (tries === triesMax || !advance(choices, chosen, columnsBehind(outcome, request)))
      return { tried, refusal: outcome }
  }
}

const insertOf = (statements: Statements, row: Row): SQL =>
  statements.mayRead ? statements.insertReturning(row) : statements.insert(row)

/** The row that a statement of {@link Statements} returned as one JSON document. */
export const documentOf = (row: Row | undefined): Row | undefined =>
  typeof row?.document === 'object' && row.document !== null ? (row.document as Row) : undefined // an object of columns

/** The columns that caused a refusal; empty when no other value helps. */
function columnsBehind(
  { sqlstate, constraint, column }: Exclude<Outcome, { reached: number }>,
  { catalogue, statements }: RowRequest,
): string[] {
  const { relation } = statements
  const { columns, checks, keys, references } = relation
  if (sqlstate === '23502' && column !== undefined) return [column]
  if (sqlstate.startsWith('23')) {
    const named = [
      ...checks.filter(({ name }) => name === (constraint ?? '')),
      ...keys.filter(({ name }) => name === constraint),
      ...references
        .filter(({ name }) => name === constraint)
        .map((key) => ({ columns: key.columns.map(([here]) => here) })),
    ].flatMap((found) => found.columns)
    const isBehind = (type: number) =>
      layersOf(type, catalogue.types).some((layer) => layer.checks.some(({ name }) => name === constraint))
    return [...named, ...columns.filter(({ type }) => isBehind(type)).map(({ name }) => name)]
  }
  // A value of the wrong syntax: the error does not name the column.
  if (sqlstate.startsWith('22'))
    return columns.filter(({ type }) => !isJson(type, catalogue.types)).map(({ name }) => name)
  return []
}

/** Moves to the next combination of values of some columns; false after the last one. */
function advance(choices: Map<string, unknown[]>, chosen: Map<string, number>, columns: string[]): boolean {
  for (const name of columns) {
    const next = (chosen.get(name) ?? 0) + 1
    if (next < (choices.get(name)?.length ?? 0)) {
      chosen.set(name, next)
      return true
    }
    chosen.set(name, 0)
  }
  return false
}
