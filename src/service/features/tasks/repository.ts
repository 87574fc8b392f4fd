import { and, eq } from 'drizzle-orm'
import { type TaskRow, tasks } from '../../../../db/schema/tasks.ts'
import { type ExpectedVersion, rowVersion, type WrittenRow, writtenRow } from '../../../conditions/index.ts'
import { mapped, one, prepared, preparedUpdate, type Query, type TenantTx } from '../../../database/index.ts'
import type { CreateTask, UpdateTask } from './schemas.ts'

export const taskVersion = rowVersion(tasks.updatedAt)

// Built once: these queries run most often, and building one costs more than sending it.
const taskById = prepared(['id'], (tx, { id }) => tx.select().from(tasks).where(eq(tasks.id, id)))
const newTask = prepared(['title', 'description', 'userId'], (tx, values) =>
  tx.insert(tasks).values(values).returning(),
)
const changedTask = preparedUpdate(tasks, ['id'], (tx, { set, placeholders: { id } }) =>
  tx.update(tasks).set(set).where(eq(tasks.id, id)).returning(),
)
const changedTaskIf = preparedUpdate(
  tasks,
  ['id', 'versions', 'isAmong'],
  (tx, { set, placeholders: { id, ...expected } }) =>
    tx
      .update(tasks)
      .set(set)
      .where(and(eq(tasks.id, id), taskVersion.condition(expected)))
      .returning(),
)
const deletedTask = prepared(['id'], (tx, { id }) =>
  tx.delete(tasks).where(eq(tasks.id, id)).returning({ id: tasks.id }),
)
const deletedTaskIf = prepared(['id', 'versions', 'isAmong'], (tx, { id, ...expected }) =>
  tx
    .delete(tasks)
    .where(and(eq(tasks.id, id), taskVersion.condition(expected)))
    .returning({ id: tasks.id }),
)

export const findTask = (tx: TenantTx, id: string): Query<TaskRow | undefined> => one(taskById(tx, { id }))

export const insertTask = (tx: TenantTx, values: CreateTask): Query<TaskRow> =>
  mapped(newTask(tx, { description: null, ...values }), ([row]) => {
    if (!row) throw new Error('An insert returned no row')
    return row
  })

export const updateTask = (
  tx: TenantTx,
  id: string,
  values: UpdateTask,
  expected?: ExpectedVersion,
): Query<WrittenRow<TaskRow>> =>
  expected
    ? writtenRow(changedTaskIf(tx, values, { id, ...expected }), taskById(tx, { id }))
    : writtenRow(changedTask(tx, values, { id }))

export const deleteTask = (tx: TenantTx, id: string, expected?: ExpectedVersion): Query<WrittenRow<{ id: string }>> =>
  expected
    ? writtenRow(deletedTaskIf(tx, { id, ...expected }), taskById(tx, { id }))
    : writtenRow(deletedTask(tx, { id }))
