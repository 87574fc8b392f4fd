import { type Placeholder, type SQL, sql } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import { prepared, preparedUpdate, type Query, type TenantTx } from '../database/index.ts'
import type { Changes, Preparable, UpdateParts } from '../database/internal.ts'
import type { ExpectedVersion } from './expected-version.ts'

/** `prepared` and `preparedUpdate` for statements that write one row, under the condition of the request when it has one. */
export interface PreparedWrites {
  /**
   * As `prepared` of rowhouse/database, for a DELETE: its SQL is built once without a condition, and once with it.
   *
   * @param build returns the query. `condition` belongs in its WHERE; it is undefined, which `and()` leaves out, for requests without one
   * @throws as `prepared`
   * @example
   * const deletedNote = noteVersion.prepared(['id'], (tx, { id }, condition) =>
   *   tx.delete(notes).where(and(eq(notes.id, id), condition)).returning({ id: notes.id }))
   * deletedNote(tx, { id }, noteVersion.expected(c))
   */
  prepared<const Name extends string, Result>(
    names: readonly Name[],
    build: (tx: TenantTx, placeholders: Record<Name, Placeholder>, condition: SQL | undefined) => Preparable<Result>,
  ): (tx: TenantTx, values: Record<Name, unknown>, expected: ExpectedVersion | undefined) => Query<Result>
  /**
   * As `preparedUpdate` of rowhouse/database: its SQL is built once for each set of columns without a condition, and once with it.
   *
   * @param build returns the query. `condition` belongs in its WHERE; it is undefined, which `and()` leaves out, for requests without one
   * @throws as `preparedUpdate`
   * @example
   * const changedNote = noteVersion.preparedUpdate(notes, ['id'], (tx, { set, condition, placeholders: { id } }) =>
   *   tx.update(notes).set(set).where(and(eq(notes.id, id), condition)).returning())
   * changedNote(tx, { text: 'Write the report' }, { id }, noteVersion.expected(c))
   */
  preparedUpdate<Table extends PgTable, const Name extends string, Result>(
    table: Table,
    names: readonly Name[],
    build: (tx: TenantTx, parts: UpdateParts<Table, Name> & { condition: SQL | undefined }) => Preparable<Result>,
  ): (
    tx: TenantTx,
    set: Changes<Table>,
    values: Record<Name, unknown>,
    expected: ExpectedVersion | undefined,
  ) => Query<Result>
}

// A value of the caller's has no name with a blank.
const [versions, isAmong] = ['expected versions', 'is expected'] as const

/** @param conditionOf returns the condition for two values, or for their placeholders */
export function createPreparedWrites(
  conditionOf: (expected: Record<keyof ExpectedVersion, Placeholder>) => SQL,
): PreparedWrites {
  const condition = conditionOf({ versions: sql.placeholder(versions), isAmong: sql.placeholder(isAmong) })
  const withExpected = <Values>(values: Values, expected: ExpectedVersion) => ({
    ...values,
    [versions]: expected.versions,
    [isAmong]: expected.isAmong,
  })

  return {
    prepared(names, build) {
      const plain = prepared(names, (tx, placeholders) => build(tx, placeholders, undefined))
      const conditional = prepared(names, (tx, placeholders) => build(tx, placeholders, condition))
      return (tx, values, expected) => (expected ? conditional(tx, withExpected(values, expected)) : plain(tx, values))
    },

    preparedUpdate(table, names, build) {
      const plain = preparedUpdate(table, names, (tx, parts) => build(tx, { ...parts, condition: undefined }))
      const conditional = preparedUpdate(table, names, (tx, parts) => build(tx, { ...parts, condition }))
      return (tx, set, values, expected) =>
        expected ? conditional(tx, set, withExpected(values, expected)) : plain(tx, set, values)
    },
  }
}
