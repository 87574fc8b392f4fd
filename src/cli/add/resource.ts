import { join } from 'node:path'
import { OperatorError } from '../../errors/index.ts'
import type { RowhouseConfig } from '../config.ts'
import type { SchemaTable } from '../schema/read-schema.ts'
import { type Import, modulePath } from './code.ts'
import type { Column } from './columns.ts'
import type { Layout } from './layout.ts'
import type { Names } from './names.ts'

/** A column that refers to a table. */
export interface Reference {
  column: Column
  parent: SchemaTable
  /** The name of the constraint. */
  constraint: string
}

/** What the files of a new resource are written from. */
export interface Resource {
  names: Names
  columns: Column[]
  references: Reference[]
  project: RowhouseConfig
  layout: Layout
  /** The table, where the schema had it before. */
  known?: SchemaTable
  paths: { schema: string; schemas: string; repository: string; pages: string; routes: string; test: string }
}

/**
 * Collects what the code of a resource needs.
 *
 * @param tables the tables of the schema
 * @throws OperatorError for a reference to a table that has no key for it
 */
export function describeResource(
  names: Names,
  columns: Column[],
  { tables, project, layout }: { tables: SchemaTable[]; project: RowhouseConfig; layout: Layout },
): Resource {
  const constraintOf = (column: Column) => {
    const constraint = `${names.table}_${project.tenantColumn}_${column.name}_fkey`
    assertLength(constraint)
    return constraint
  }
  for (const column of columns) if (sortsByText({}, column)) assertLength(textIndexOf(names, project, column))
  const references = columns.flatMap((column) => {
    const { references } = column.kind
    if (references === undefined) return []
    return [{ column, parent: findParent(references, tables), constraint: constraintOf(column) }]
  })
  const inFeature = (name: string) => join(layout.features, names.folder, name)
  const paths = {
    schema: join(layout.schemaFolder, `${names.folder}.ts`),
    schemas: inFeature('schemas.ts'),
    repository: inFeature('repository.ts'),
    pages: inFeature('pages.ts'),
    routes: inFeature('routes.ts'),
    test: join(layout.tests, `${names.folder}.test.ts`),
  }
  return { names, columns, references, project, layout, paths }
}

function assertLength(name: string): void {
  if (name.length > 63) throw new OperatorError(`${name} is too long for PostgreSQL: choose shorter names`)
}

/** The name of the index that serves a list which is sorted by a text. */
export const textIndexOf = ({ table }: Names, { tenantColumn }: RowhouseConfig, { name }: Column): string =>
  `${table}_${tenantColumn}_${name}_id_idx`

/** Whether a list sorts by the column: a short text that is not null. */
export function sortsByText({ known }: Pick<Resource, 'known'>, { name, kind, isNullable }: Column): boolean {
  if (isNullable || !kind.isShortText) return false
  if (!known) return true
  const type = known.columns.find((column) => column.name === name)?.getSQLType()
  return type === undefined || /^(text|varchar)\b/.test(type)
}

function findParent(name: string, tables: SchemaTable[]): SchemaTable {
  const parent = tables.find((table) => table.name === name)
  if (!parent) {
    const known = tables.map((table) => table.name).join(', ')
    throw new OperatorError(
      `--columns: ${name} is neither a type nor a table of the schema, which has ${known || 'none'}`,
    )
  }
  const wanted = [...(parent.tenant ? [parent.tenant.name] : []), 'id'].toSorted().join()
  const keys = [
    ...parent.primaryKeys.map((key) => key.columns),
    parent.columns.filter((column) => column.primary),
    ...parent.uniqueConstraints.map((key) => key.columns),
  ]
  const isKey = keys.some(
    (key) =>
      key
        .map((column) => column.name)
        .toSorted()
        .join() === wanted,
  )
  const isUuid = parent.columns.some((column) => column.name === 'id' && column.getSQLType() === 'uuid')
  if (isKey && isUuid) return parent
  throw new OperatorError(
    `${parent.label} needs a uuid "id" and a unique key (${wanted.replace(',', ', ')}) to be referred to`,
  )
}

/** The imports of another module of the project in one of the resource's files. */
export const importOf = ({ layout }: Resource, file: string, names: string[], module: string): Import => [
  names,
  modulePath(file, module, layout.extension),
]
