import { eq } from 'drizzle-orm'
import { type TaskRow, tasks } from '../../../../db/schema/tasks.ts'
import { exists, mapped, one, prepared, preparedUpdate, type Query, type TenantTx } from '../../../database/index.ts'
import type { CreateTask, UpdateTask } from './schemas.ts'

// Built once: these queries run most often, and building one costs more than sending it.
const taskById = prepared(['id'], (tx, { id }) => tx.select().from(tasks).where(eq(tasks.id, id)))
const newTask = prepared(['title', 'description', 'userId'], (tx, values) =>
  tx.insert(tasks).values(values).returning(),
)
const changedTask = preparedUpdate(tasks, ['id'], (tx, { set, placeholders: { id } }) =>
  tx.update(tasks).set(set).where(eq(tasks.id, id)).returning(),
)
const deletedTask = prepared(['id'], (tx, { id }) =>
  tx.delete(tasks).where(eq(tasks.id, id)).returning({ id: tasks.id }),
)

export const findTask = (tx: TenantTx, id: string): Query<TaskRow | undefined> => one(taskById(tx, { id }))

export const insertTask = (tx: TenantTx, values: CreateTask): Query<TaskRow> =>
  mapped(newTask(tx, { description: null, ...values }), ([row]) => {
    if (!row) throw new Error('An insert returned no row')
    return row
  })

export const updateTask = (tx: TenantTx, id: string, values: UpdateTask): Query<TaskRow | undefined> =>
  one(changedTask(tx, values, { id }))

export const deleteTask = (tx: TenantTx, id: string): Query<boolean> => exists(deletedTask(tx, { id }))
