import type { TenantDatabase } from '../../database/index.ts'
import { hintsFrom } from './hints.ts'
import { type Catalogue, type Column, type Label, layersOf, type Relation, type Row } from './read-catalogue.ts'
import type { Statements } from './statements.ts'
import { valuesOf } from './values.ts'

/** Values for the rows of a table; a function of `n`, which differs in every row, for unique columns. */
export type GivenValues = Row | ((n: number) => Row)

export interface RowRequest {
  db: TenantDatabase
  catalogue: Catalogue
  statements: Statements
  tenantColumn: string
  tenant: string
  /** Differs in every row: 1 to 32,000. */
  seed: number
  given: GivenValues | undefined
  /** Rows that this one can refer to, by relation. */
  parents: Map<Label, Row>
}

/** Omits a column, so that PostgreSQL writes its default. */
export const byDefault = Symbol('by default')

/** The values to try for each column that the role may insert. */
export function choicesFor({ catalogue, statements, tenantColumn, tenant, seed, given, parents }: RowRequest) {
  const { relation } = statements
  const fixed = typeof given === 'function' ? given(seed) : (given ?? {})
  const choices = new Map<string, unknown[]>()
  const named = requiredOfItself(relation).map(([, there]) => there)
  for (const column of relation.columns.filter(({ mayInsert, isGenerated }) => mayInsert && !isGenerated)) {
    const { name } = column
    const type = catalogue.types.get(column.type)
    // jsonb_populate_record() refuses null for such a domain, even in a column that the insert omits.
    const refusesNull = layersOf(column.type, catalogue.types).some(({ isNotNull }) => isNotNull)
    const isOptional = !column.isNotNull && !refusesNull
    const referred = referredValue(relation, name, parents)
    if (name in fixed) choices.set(name, [fixed[name]])
    else if (name === tenantColumn) choices.set(name, [tenant])
    else if (referred !== undefined) choices.set(name, isOptional ? [referred, null] : [referred])
    else if (column.identity !== '') choices.set(name, [byDefault])
    else if (type) {
      const values = valuesOf(type, column.modifier, seed, hintsFor(column, relation, catalogue, seed), catalogue.types)
      const isUnique = relation.keys.some((key) => key.columns.includes(name)) && !refers(relation, name)
      if (column.hasDefault && !refusesNull && !named.includes(name)) choices.set(name, [byDefault, ...values])
      else if (!isOptional) choices.set(name, values)
      // A null never violates a unique key, so it would hide a key without the tenant.
      else choices.set(name, isUnique ? [...values, null] : [null, ...values])
    }
  }
  return choices
}

function hintsFor({ name, type }: Column, relation: Relation, { types }: Catalogue, seed: number) {
  const own = relation.checks.filter(({ columns }) => columns.includes(name)).map(({ definition }) => definition)
  const below = layersOf(type, types).flatMap(({ checks }) => checks.map(({ definition }) => definition))
  return hintsFrom([...own, ...below], seed)
}

const refers = ({ references }: Relation, name: string): boolean =>
  references.some(({ columns }) => columns.some(([here]) => here === name))

/** The value of a column that references the row of its parent table. */
function referredValue({ references }: Relation, name: string, parents: Map<Label, Row>): unknown {
  for (const { parent, columns } of references) {
    const pair = columns.find(([here]) => here === name)
    const value = pair && parents.get(parent)?.[pair[1]]
    if (value !== undefined) return value
  }
  return undefined
}

/** Makes a row of a table with a required self-reference reference itself. */
export function referringToItself(relation: Relation, row: Row): Row {
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
