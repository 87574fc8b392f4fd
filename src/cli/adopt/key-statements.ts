import { is } from 'drizzle-orm'
import { type ForeignKey, IndexedColumn } from 'drizzle-orm/pg-core'
import { OperatorError } from '../../errors/index.ts'
import { identifier } from '../output/sql-text.ts'
import { indexElement, textOf } from '../schema/expected-tables.ts'
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
 * @throws OperatorError when the tenant columns refer to one of the tables
 */
export function keyStatements(tables: SchemaTable[], others: SchemaTable[], tenant: string): KeyStatements {
  refuseDirectory(tables, tenant)
  const changes = new Map(
    tables.map((table) => [
      table,
      [...primaryKey(table, tenant), ...uniqueConstraints(table, tenant), ...uniqueIndexes(table, tenant)],
    ]),
  )
  const changed = tables.filter((table) => changes.get(table)?.length)
  const keys = tables.flatMap((table) =>
    table.foreignKeys.flatMap((key) => {
      const parent = parentOf(key, tables)
      return parent && !hasTenant(key, tenant) ? [{ table, key, parent }] : []
    }),
  )
  return {
    statements: [
      ...keys.map(({ table, key }) => `alter table ${nameOf(table)} drop constraint ${identifier(key.getName())};`),
      ...[...changes.values()].flat(),
      ...keys.map(({ table, key, parent }) => foreignKey(table, key, parent, tenant)),
    ],
    questions: [
      ...others.flatMap((table) => referencesFrom(table, changed, tenant)),
      ...keys
        .filter(({ key }) => setsColumns(key))
        .map(
          ({ key }) =>
            `${key.getName()} sets its columns to null or to a default, the tenant column too: it is written without that`,
        ),
    ],
  }
}

/** A table that the tenant columns refer to has one row for each tenant, so its key cannot begin with another column. */
function refuseDirectory(tables: SchemaTable[], tenant: string): void {
  for (const table of tables)
    for (const key of table.foreignKeys) {
      const parent = parentOf(key, tables)
      if (!parent || hasTenant(key, tenant) || !namesOf(key.reference().columns).includes(tenant)) continue
      throw new OperatorError(
        `--tenant-from: the tenant column of ${table.label} refers to ${parent.label}, so each row of ${parent.label} is a tenant: ` +
          `add --unreachable ${parent.label}, and name ${table.label}.${tenant} with --tenant-from`,
      )
    }
}

export const nameOf = ({ schema, name }: SchemaTable): string => `${identifier(schema)}.${identifier(name)}`
const list = (names: string[]): string => names.map(identifier).join(', ')
const namesOf = (columns: { name: string }[]): string[] => columns.map(({ name }) => name)
const withTenant = (tenant: string, names: string[]): string[] => [tenant, ...names.filter((name) => name !== tenant)]

const hasTenant = (key: ForeignKey, tenant: string): boolean => {
  const { columns, foreignColumns } = key.reference()
  return columns.some(({ name }, index) => name === tenant && foreignColumns[index]?.name === tenant)
}
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
      given: key.getName(),
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
      const uncased = (columns: string[]) => columns.map((name) => table.uncased.get(name) ?? name)
      const before = given ?? [table.name, ...uncased(names), 'unique'].join('_')
      const definition = `unique ${together ? 'nulls not distinct ' : ''}(${list(wanted)})`
      return replaced(table, before, [table.name, ...uncased(wanted), 'unique'].join('_'), definition)
    })
}

function uniqueIndexes(table: SchemaTable, tenant: string): string[] {
  return table.indexes.flatMap(({ config: { unique, name, columns, where, with: options = {} } }) => {
    const nameIn = (part: (typeof columns)[number]) => (is(part, IndexedColumn) ? (part.name ?? '') : '')
    const names = columns.map(nameIn)
    if (!unique || names[0] === tenant) return []
    // drizzle-kit gives a name to an index of columns, and refuses an expression without one.
    const named = (of: string[]) => name ?? [table.name, ...of, 'index'].join('_')
    const parts = [identifier(tenant), ...columns.filter((part) => nameIn(part) !== tenant).map(indexElement)].join(
      ', ',
    )
    const storage = Object.entries(options).map(([key, value]) => `${key}=${value}`)
    const ending = `${storage.length > 0 ? ` with (${storage.join(', ')})` : ''}${where ? ` where ${textOf(where)}` : ''}`
    return [
      `drop index ${identifier(table.schema)}.${identifier(named(names))};`,
      `create unique index ${identifier(named(withTenant(tenant, names)))} on ${nameOf(table)} (${parts})${ending};`,
    ]
  })
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
