import type { SQL } from 'drizzle-orm'
import type { TenantDatabase } from '../../tenancy/index.ts'
import { attempt, type Outcome } from './attempt.ts'
import { type Catalogue, type Column, isJson, type Label, type Relation, type Row } from './catalogue.ts'
import { hintsFrom } from './hints.ts'
import type { Statements } from './statements.ts'
import { valuesOf } from './values.ts'

/** Values that a table's rows shall have; of `n`, which differs from row to row, where they must be unique. */
export type GivenValues = Row | ((n: number) => Row)

export interface RowRequest {
  db: TenantDatabase
  catalogue: Catalogue
  statements: Statements
  tenantColumn: string
  tenant: string
  /** Tells this row from others: 1 to 32,000. */
  seed: number
  given: GivenValues | undefined
  /** Rows that this one can refer to, by relation. */
  parents: Map<Label, Row>
}

/** What came of a row that was looked for: the row as it is in the table, or what PostgreSQL would not take. */
export type Found = { row: Row } | { tried: Row; refusal: Exclude<Outcome, { reached: number }> }

const triesMax = 400
/** Leaves a column out, so that its default is written. */
const byDefault = Symbol('by default')

/**
 * Looks for a row that PostgreSQL takes: plain values first, then what the constraints that refuse them speak of.
 *
 * @param end `undo` to know only that there is such a row
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
    if ('reached' in outcome) return { row: documentOf(outcome.rows[0]) ?? tried }
    if (tries === triesMax || !advance(choices, chosen, columnsBehind(outcome, request)))
      return { tried, refusal: outcome }
  }
}

const insertOf = (statements: Statements, row: Row): SQL =>
  statements.mayRead ? statements.insertReturning(row) : statements.insert(row)

/** The row that a statement of {@link Statements} brought as one JSON document. */
export const documentOf = (row: Row | undefined): Row | undefined =>
  typeof row?.document === 'object' && row.document !== null ? (row.document as Row) : undefined // an object of columns

/** A row of a table that must refer to one of its own refers to itself. */
function referringToItself(relation: Relation, row: Row): Row {
  const pairs = requiredOfItself(relation).map(([here, there]) => [here, row[there]])
  return { ...row, ...Object.fromEntries(pairs) }
}

const requiredOfItself = ({ label, references, columns }: Relation) =>
  references
    .filter(({ parent }) => parent === label)
    .filter((reference) =>
      reference.columns.every(([here]) => columns.some(({ name, isNotNull }) => name === here && isNotNull)),
    )
    .flatMap((reference) => reference.columns)

/** For each column that can be written, the values to try. */
function choicesFor({ catalogue, statements, tenantColumn, tenant, seed, given, parents }: RowRequest) {
  const { relation } = statements
  const fixed = typeof given === 'function' ? given(seed) : (given ?? {})
  const choices = new Map<string, unknown[]>()
  const named = requiredOfItself(relation).map(([, there]) => there)
  for (const column of relation.columns.filter(({ mayInsert, isGenerated }) => mayInsert && !isGenerated)) {
    const { name } = column
    const type = catalogue.types.get(column.type)
    const isOptional = !column.isNotNull && !type?.isNotNull
    const referred = referredValue(relation, name, parents)
    if (name in fixed) choices.set(name, [fixed[name]])
    else if (name === tenantColumn) choices.set(name, [tenant])
    else if (referred !== undefined) choices.set(name, isOptional ? [referred, null] : [referred])
    else if (column.identity !== '') choices.set(name, [byDefault])
    else if (type) {
      const values = valuesOf(type, column.modifier, seed, hintsFor(column, relation, catalogue, seed), catalogue.types)
      const isUnique = relation.keys.some((key) => key.columns.includes(name))
      // A null in a unique key runs into nobody's row: what the key lets through would not be seen.
      if (column.hasDefault && !type.isNotNull && !named.includes(name)) choices.set(name, [byDefault, ...values])
      else
        choices.set(
          name,
          isOptional ? (isUnique && !refers(relation, name) ? [...values, null] : [null, ...values]) : values,
        )
    }
  }
  return choices
}

function hintsFor({ name, type }: Column, relation: Relation, { types }: Catalogue, seed: number) {
  const own = relation.checks.filter(({ columns }) => columns.includes(name)).map(({ definition }) => definition)
  for (let at = types.get(type); at; at = types.get(at.base)) own.push(...at.checks.map(({ definition }) => definition))
  return hintsFrom(own, seed)
}

const refers = ({ references }: Relation, name: string): boolean =>
  references.some(({ columns }) => columns.some(([here]) => here === name))

/** What a column must hold to refer to the row that its parent has. */
function referredValue({ references }: Relation, name: string, parents: Map<Label, Row>): unknown {
  for (const { parent, columns } of references) {
    const pair = columns.find(([here]) => here === name)
    const value = pair && parents.get(parent)?.[pair[1]]
    if (value !== undefined) return value
  }
  return undefined
}

/** The columns that a refusal is about; none where no other value would help. */
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
    const isOfDomain = (type: number): boolean => {
      const found = catalogue.types.get(type)
      return found !== undefined && (found.checks.some(({ name }) => name === constraint) || isOfDomain(found.base))
    }
    return [...named, ...columns.filter(({ type }) => isOfDomain(type)).map(({ name }) => name)]
  }
  // A value that its type does not take: which one is not said.
  if (sqlstate.startsWith('22'))
    return columns.filter(({ type }) => !isJson(type, catalogue.types)).map(({ name }) => name)
  return []
}

/** Moves on to the next combination of the values of some columns; false when there is none. */
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
