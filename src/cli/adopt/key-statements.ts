import { is, type SQL } from 'drizzle-orm'
import { type ForeignKey, IndexedColumn, type UniqueConstraint } from 'drizzle-orm/pg-core'
import { identifier } from '../output/sql-text.ts'
import { nameInCode } from '../schema/column-names.ts'
import { textOf } from '../schema/expected-tables.ts'
import type { SchemaTable } from '../schema/read-schema.ts'
import { parentOf } from './tenant-sources.ts'

/** Statements, and what they cannot decide. */
export interface KeyStatements {
  statements: string[]
  questions: string[]
}

/**
 * The statements that let every key of the tables begin with the tenant: foreign keys go first, and come back last. New constraints
 * have the names that Drizzle gives them.
 *
 * @param tables those that have the tenant column
 * @param others the other tables of the schema
 */
export function keyStatements(tables: SchemaTable[], others: SchemaTable[], tenant: string): KeyStatements {
  const keys = tables.flatMap((table) =>
    table.foreignKeys.flatMap((key) => {
      const parent = parentOf(key, tables)
      return parent && !hasTenant(key, tenant) ? [{ table, key, parent }] : []
    }),
  )
  return {
    statements: [
      ...keys.map(({ table, key }) => `alter table ${nameOf(table)} drop constraint ${identifier(key.getName())};`),
      ...tables.flatMap((table) => [
        ...primaryKey(table, tenant),
        ...uniqueConstraints(table, tenant),
        ...uniqueIndexes(table, tenant),
      ]),
      ...keys.map(({ table, key, parent }) => foreignKey(table, key, parent, tenant)),
    ],
    questions: [
      ...others.flatMap((table) => referencesFrom(table, tables, tenant)),
      ...keys
        .filter(({ key }) => setsColumns(key))
        .map(
          ({ key }) =>
            `${key.getName()} sets its columns to null or to a default, the tenant column too: it is written without that`,
        ),
    ],
  }
}

export const nameOf = ({ schema, name }: SchemaTable): string => `${identifier(schema)}.${identifier(name)}`
const list = (names: string[]): string => names.map(identifier).join(', ')
const namesOf = (columns: { name: string }[]): string[] => columns.map(({ name }) => name)
const withTenant = (tenant: string, names: string[]): string[] => [tenant, ...names.filter((name) => name !== tenant)]

const hasTenant = (key: ForeignKey, tenant: string): boolean => namesOf(key.reference().columns).includes(tenant)
const setsColumns = ({ onDelete, onUpdate }: ForeignKey): boolean =>
  [onDelete, onUpdate].some((action) => action === 'set null' || action === 'set default')

const referencesFrom = (table: SchemaTable, tables: SchemaTable[], tenant: string): string[] =>
  table.foreignKeys.flatMap((key) => {
    const parent = parentOf(key, tables)
    if (!parent || hasTenant(key, tenant)) return []
    return [`${table.label} refers to ${parent.label} by ${key.getName()}, which needs the old key of ${parent.label}`]
  })

function primaryKey(table: SchemaTable, tenant: string): string[] {
  const [composite] = table.primaryKeys
  const names = namesOf(composite?.columns ?? table.columns.filter(({ primary }) => primary))
  if (names.length === 0 || names[0] === tenant) return []
  const wanted = withTenant(tenant, names)
  const before = composite?.getName() ?? `${table.name}_pkey`
  return [replaced(table, before, [table.name, ...wanted, 'pk'].join('_'), `primary key (${list(wanted)})`)]
}

const replaced = (table: SchemaTable, before: string, after: string, definition: string): string =>
  `alter table ${nameOf(table)} drop constraint ${identifier(before)}, add constraint ${identifier(after)} ${definition};`

function uniqueConstraints(table: SchemaTable, tenant: string): string[] {
  const constraints = [
    ...table.uniqueConstraints.map((key) => ({
      given: nameInDatabase(table, key),
      names: namesOf(key.columns),
      together: key.nullsNotDistinct,
    })),
    ...table.columns
      .filter(({ isUnique }) => isUnique)
      .map(({ name, uniqueName, uniqueType }) => ({
        given: uniqueName,
        names: [name],
        together: uniqueType === 'not distinct',
      })),
  ]
  return constraints
    .filter(({ names }) => names[0] !== tenant)
    .map(({ given, names, together }) => {
      const wanted = withTenant(tenant, names)
      const before = given ?? uniqueName(table, names)
      const definition = `unique ${together ? 'nulls not distinct ' : ''}(${list(wanted)})`
      return replaced(table, before, uniqueName(table, wanted), definition)
    })
}

/** Drizzle names a unique constraint by the names of its columns in the code, without their casing. */
function uniqueName(table: SchemaTable, names: string[]): string {
  const inCode = names.map((name) => {
    const column = table.columns.find((one) => one.name === name)
    return column ? nameInCode(column) : name
  })
  return [table.name, ...inCode, 'unique'].join('_')
}

function nameInDatabase(table: SchemaTable, key: UniqueConstraint): string | undefined {
  const names = namesOf(key.columns)
  const name = key.getName()
  return name === [table.name, ...names, 'unique'].join('_') ? uniqueName(table, names) : name
}

function uniqueIndexes(table: SchemaTable, tenant: string): string[] {
  return table.indexes.flatMap(({ config: { unique, name: given, columns, where } }) => {
    const [first] = columns
    if (!unique || (is(first, IndexedColumn) && first.name === tenant)) return []
    const parts = columns.map((part) => (is(part, IndexedColumn) ? partOf(part) : `(${textOf(part as SQL)})`)) // or an expression
    const names = columns.map((part) => (is(part, IndexedColumn) ? part.name : undefined))
    const name = given ?? [table.name, ...names, 'index'].join('_') // drizzle-kit requires a name for an expression
    const all = [identifier(tenant), ...parts].join(', ')
    return [
      `drop index ${identifier(table.schema)}.${identifier(name)};`,
      `create unique index ${identifier(name)} on ${nameOf(table)} (${all})${where ? ` where ${textOf(where)}` : ''};`,
    ]
  })
}

/** A column of an index with its operator class and order, which is ascending with nulls last by default. */
function partOf({ name, indexConfig: { opClass, order, nulls } }: IndexedColumn): string {
  const isDescending = order === 'desc'
  const last = nulls ?? 'last'
  const words = [opClass, isDescending && 'desc', (isDescending || last === 'first') && `nulls ${last}`]
  return [identifier(name ?? ''), ...words.filter((word) => typeof word === 'string')].join(' ')
}

function foreignKey(table: SchemaTable, key: ForeignKey, parent: SchemaTable, tenant: string): string {
  const { columns, foreignColumns } = key.reference()
  const own = [tenant, ...namesOf(columns)]
  const theirs = [tenant, ...namesOf(foreignColumns)]
  const name = [table.name, ...own, parent.name, ...theirs, 'fk'].join('_')
  const action = (event: string, value: string | undefined) =>
    value && value !== 'no action' && !setsColumns(key) ? ` on ${event} ${value}` : ''
  return (
    `alter table ${nameOf(table)} add constraint ${identifier(name)} foreign key (${list(own)}) ` +
    `references ${nameOf(parent)} (${list(theirs)})${action('delete', key.onDelete)}${action('update', key.onUpdate)};`
  )
}
