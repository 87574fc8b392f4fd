import { getTableColumns, type InferInsertModel, type Placeholder, sql } from 'drizzle-orm'
import type { PgTable, PgUpdateSetSource } from 'drizzle-orm/pg-core'
import { LRUCache } from 'lru-cache'
import { prepared } from './prepared.ts'
import type { Preparable, Query } from './query.ts'
import type { TenantTx } from './tenant-tx.ts'

/** How many sets of columns are kept for each update. Other sets are built again. */
const setsMax = 64

/** What the query of an update is built from, for one set of columns. */
export interface UpdateParts<Table extends PgTable, Name extends string> {
  set: PgUpdateSetSource<Table>
  placeholders: Record<Name, Placeholder>
}

/** New values of columns by name. A column without a value is not changed. */
export type Changes<Table extends PgTable> = {
  readonly [Column in keyof InferInsertModel<Table>]?: InferInsertModel<Table>[Column] | undefined
}

/**
 * As {@link prepared}, for an update of some columns of a table: its SQL is built once for each set of columns.
 *
 * @param table the table, of which a call changes the columns that have a value
 * @param names the other values, such as the id
 * @param build returns the query, with `set` for the columns and a placeholder for each name
 * @throws Error "No values to set" of Drizzle from the returned function, when no column has a value; TransactionMisuse when `build`
 *   awaits the query
 * @example
 * const changedTask = preparedUpdate(tasks, ['id'], (tx, { set, placeholders: { id } }) =>
 *   tx.update(tasks).set(set).where(eq(tasks.id, id)).returning())
 * const [task] = await db.write((tx) => changedTask(tx, { title: 'Write the report' }, { id: '…' }))
 */
export function preparedUpdate<Table extends PgTable, const Name extends string, Result>(
  table: Table,
  names: readonly Name[],
  build: (tx: TenantTx, parts: UpdateParts<Table, Name>) => Preparable<Result>,
): (tx: TenantTx, set: Changes<Table>, values: Record<Name, unknown>) => Query<Result> {
  type Run = (tx: TenantTx, values: Record<string, unknown>) => Query<Result>
  const known = getTableColumns(table)
  const bySet = new LRUCache<string, Run>({ max: setsMax })

  function prepare(columns: readonly string[]): Run {
    return prepared([...names, ...columns.map(nameInSet)], (tx, placeholders) => {
      // Drizzle encodes a placeholder as a value of its column; its types allow values only.
      const set = Object.fromEntries(columns.map((column) => [column, sql.placeholder(nameInSet(column))]))
      return build(tx, {
        set: set as PgUpdateSetSource<Table>,
        placeholders: placeholders as Record<Name, Placeholder>,
      })
    })
  }

  return (tx, set, values) => {
    const given = Object.entries(set).filter(([column, value]) => value !== undefined && Object.hasOwn(known, column))
    const columns = given.map(([column]) => column).toSorted()
    const key = JSON.stringify(columns)
    const run = bySet.get(key) ?? prepare(columns)
    bySet.set(key, run)
    return run(tx, { ...values, ...Object.fromEntries(given.map(([column, value]) => [nameInSet(column), value])) })
  }
}

/** A column can have the name of another value: the new id beside the old one. */
const nameInSet = (column: string): string => `set ${column}`
