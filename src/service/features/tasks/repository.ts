import { desc, eq } from 'drizzle-orm'
import { type TaskRow, tasks } from '../../../../db/schema/tasks.ts'
import { countUpTo, prepared, type TenantTx } from '../../../database/index.ts'
import { type Page, toPage, totalMax } from '../../../envelope/index.ts'
import type { CreateTask, UpdateTask } from './schemas.ts'

// Built once: these queries run most often, and building one costs more than sending it.
const taskById = prepared(['id'], (tx, { id }) => tx.select().from(tasks).where(eq(tasks.id, id)))
const pageOfTasks = prepared(['offset', 'limit'], (tx, { offset, limit }) =>
  tx.select().from(tasks).orderBy(desc(tasks.createdAt), desc(tasks.id)).offset(offset).limit(limit),
)
const newTask = prepared(['title', 'description', 'userId'], (tx, values) =>
  tx.insert(tasks).values(values).returning(),
)
const countTasks = countUpTo(tasks, totalMax + 1)

export async function listTasks(tx: TenantTx, query: { page: number; limit: number }): Promise<Page<TaskRow>> {
  const { page, limit } = query
  // Without an await between them, both queries go in one round trip.
  const [found, total] = await Promise.all([
    pageOfTasks(tx, { offset: (page - 1) * limit, limit: limit + 1 }),
    countTasks(tx),
  ])
  return toPage(found, limit, total)
}

export async function findTask(tx: TenantTx, id: string): Promise<TaskRow | undefined> {
  const [row] = await taskById(tx, { id })
  return row
}

export async function insertTask(tx: TenantTx, values: CreateTask): Promise<TaskRow> {
  const [row] = await newTask(tx, { description: null, ...values })
  if (!row) throw new Error('An insert returned no row')
  return row
}

export async function updateTask(tx: TenantTx, id: string, values: UpdateTask): Promise<TaskRow | undefined> {
  const [row] = await tx.update(tasks).set(values).where(eq(tasks.id, id)).returning()
  return row
}

export async function deleteTask(tx: TenantTx, id: string): Promise<boolean> {
  const rows = await tx.delete(tasks).where(eq(tasks.id, id)).returning({ id: tasks.id })
  return rows.length > 0
}
