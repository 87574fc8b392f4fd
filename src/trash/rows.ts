import { notExists, sql } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import type { WrittenRow } from '../conditions/index.ts'
import { mapped, prepared, type Query, type TenantTx } from '../database/index.ts'
import type { Preparable } from '../database/internal.ts'
import { hasKey, keyNames, keyPlaceholders, keyValues, type RowId } from './row-id.ts'
import { type TrashOptions, targetOf, trashedTable } from './trashed-table.ts'

/**
 * Puts a deleted row back, with everything that fell with it: rows that a cascade deleted, and references that ON DELETE SET NULL emptied,
 * where they are still empty. Without a row in the trash nothing happens: also when the row is there.
 *
 * @param table a table for which sql/ says `select tenancy.trash('public.tasks')`
 * @param id the primary key without the tenant
 * @returns the row; undefined when it is not in the trash of the tenant
 * @throws an error of the database that the error handler answers with CONFLICT, when another row has its key, or when a row to which it
 *   refers is missing; TypeError for a table without a primary key
 * @example
 * once(c, db, {
 *   work: (tx) => restore(tx, tasks, c.req.valid('param').id),
 *   answer(row) {
 *     if (!row) throw new ApiError('NOT_FOUND', 'Task not found')
 *     return { data: toTask(row) }
 *   },
 * })
 */
export function restore<Table extends PgTable>(
  tx: TenantTx,
  table: Table,
  id: RowId,
  options?: TrashOptions,
): Query<Table['$inferSelect'] | undefined> {
  const { key, putBack, row } = statementsOf(table, options)
  const values = keyValues(key, id)
  return mapped([putBack(tx, values), row(tx, values)], ([[restored], [found]]) =>
    restored && restored.rows > 0 ? found : undefined,
  )
}

/**
 * Deletes a row from the trash for good, with everything that fell with it. A row that is there protects what the trash has of it, so
 * delete it first, in the same transaction: see {@link forGood}.
 *
 * @param id the primary key without the tenant
 * @returns how many rows left the trash
 * @throws TypeError for a table without a primary key
 * @example
 * const rows = await db.write((tx) => discard(tx, tasks, id))
 */
export function discard(tx: TenantTx, table: PgTable, id: RowId, options?: TrashOptions): Query<number> {
  const { key, remove } = statementsOf(table, options)
  return mapped(remove(tx, keyValues(key, id)), ([discarded]) => discarded?.rows ?? 0)
}

/**
 * Joins the DELETE of a row with {@link discard}, in one message: what a route does with `?permanent=true`. A row that is in the trash
 * already counts as deleted.
 *
 * @param deleted what `writtenRow` returns: a condition of the request applies to the row that is there
 * @example
 * const deleteForGood = (tx: TenantTx, id: string) => forGood(deleteTask(tx, id), discard(tx, tasks, id))
 */
export const forGood = <Row extends object>(
  deleted: Query<WrittenRow<Row>>,
  discarded: Query<number>,
): Query<WrittenRow<Partial<Row>>> =>
  mapped([deleted, discarded], ([{ row, isPresent }, rows]) => ({ row: row ?? (rows > 0 ? {} : undefined), isPresent }))

type Statements = ReturnType<typeof createStatements>
const known = new WeakMap<PgTable, Map<string | undefined, Statements>>()

/** The statements of a table, built once. */
function statementsOf(table: PgTable, options: TrashOptions = {}): Statements {
  const byColumn = known.get(table) ?? new Map<string | undefined, Statements>()
  known.set(table, byColumn)
  const statements = byColumn.get(options.tenantColumn) ?? createStatements(table, options)
  byColumn.set(options.tenantColumn, statements)
  return statements
}

// sql/36-trash.sql
function createStatements(table: PgTable, options: TrashOptions) {
  const { resource, relation, key } = trashedTable(table, options)
  const names = keyNames(key)
  const once = sql`(select 1) as once`
  return {
    key,
    /** Its rows are visible to the next statement of the message. */
    putBack: prepared(names, (tx, placeholders) => {
      const target = targetOf(key, keyPlaceholders(key, placeholders))
      return tx.select({ rows: sql<number>`tenancy.restore(${relation}::regclass, ${target})` }).from(once)
    }),
    row: prepared(
      names,
      (tx, placeholders): Preparable<Record<string, unknown>[]> =>
        tx
          .select()
          .from(table)
          .where(hasKey(key, keyPlaceholders(key, placeholders))),
    ),
    /** PostgreSQL evaluates the condition first, since it belongs to no row. */
    remove: prepared(names, (tx, placeholders) => {
      const values = keyPlaceholders(key, placeholders)
      const present = tx.select({ one: sql`1` }).from(table).where(hasKey(key, values))
      return tx
        .select({ rows: sql<number>`tenancy.discard(${resource}, ${targetOf(key, values)})` })
        .from(once)
        .where(notExists(present))
    }),
  }
}
