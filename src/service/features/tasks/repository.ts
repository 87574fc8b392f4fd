import { and, desc, eq } from 'drizzle-orm'
import { type TaskRow, tasks } from '../../../../db/schema/tasks.ts'
import { type ExpectedVersion, rowVersion, type WrittenRow, writtenRow } from '../../../conditions/index.ts'
import { countUpTo, mapped, one, prepared, type Query, rowCount, type TenantTx } from '../../../database/index.ts'
import { type Page, toPage, totalMax } from '../../../envelope/index.ts'
import type { CreateTask, UpdateTask } from './schemas.ts'

export const taskVersion = rowVersion(tasks.updatedAt)

// Built once: these queries run most often, and building one costs more than sending it.
const taskById = prepared(['id'], (tx, { id }) => tx.select().from(tasks).where(eq(tasks.id, id)))
const pageOfTasks = prepared(['offset', 'limit'], (tx, { offset, limit }) =>
  tx
    .select()
    .from(tasks)
    .orderBy(desc(tasks.createdAt), desc(tasks.id))
    .offset(rowCount(offset))
    .limit(rowCount(limit)),
)
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
const countTasks = countUpTo(tasks, totalMax + 1)

export function listTasks(tx: TenantTx, { page, limit }: { page: number; limit: number }): Query<Page<TaskRow>> {
  const offset = (page - 1) * limit
  return mapped([pageOfTasks(tx, { offset, limit: limit + 1 }), countTasks(tx)], ([found, total]) =>
    toPage(found, limit, total),
  )
}

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
