import { and, eq } from 'drizzle-orm'
import { type TaskRow, tasks } from '../../../../db/schema/tasks.ts'
import { type ExpectedVersion, rowVersion, type WrittenRow, writtenRow } from '../../../conditions/index.ts'
import { mapped, one, prepared, type Query, type TenantTx } from '../../../database/index.ts'
import { discard, forGood, restore } from '../../../trash/index.ts'
import type { CreateTask, UpdateTask } from './schemas.ts'

export const taskVersion = rowVersion(tasks.updatedAt)

// Built once: these queries run most often, and building one costs more than sending it.
const taskById = prepared(['id'], (tx, { id }) => tx.select().from(tasks).where(eq(tasks.id, id)))
const newTask = prepared(['title', 'description', 'userId'], (tx, values) =>
  tx.insert(tasks).values(values).returning(),
)
const changedTask = taskVersion.preparedUpdate(tasks, ['id'], (tx, { set, condition, placeholders: { id } }) =>
  tx
    .update(tasks)
    .set(set)
    .where(and(eq(tasks.id, id), condition))
    .returning(),
)
const deletedTask = taskVersion.prepared(['id'], (tx, { id }, condition) =>
  tx
    .delete(tasks)
    .where(and(eq(tasks.id, id), condition))
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
): Query<WrittenRow<TaskRow>> => writtenRow(changedTask(tx, values, { id }, expected), expected && taskById(tx, { id }))

export const deleteTask = (tx: TenantTx, id: string, expected?: ExpectedVersion): Query<WrittenRow<{ id: string }>> =>
  writtenRow(deletedTask(tx, { id }, expected), expected && taskById(tx, { id }))

export const deleteTaskForGood = (
  tx: TenantTx,
  id: string,
  expected?: ExpectedVersion,
): Query<WrittenRow<{ id?: string }>> => forGood(deleteTask(tx, id, expected), discard(tx, tasks, id))

export const restoreTask = (tx: TenantTx, id: string): Query<TaskRow | undefined> => restore(tx, tasks, id)
