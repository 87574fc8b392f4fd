import { desc, eq } from 'drizzle-orm'
import { type UserRow, users } from '../../../../db/schema/users.ts'
import { countUpTo, prepared, type TenantTx } from '../../../database/index.ts'
import { type Page, toPage, totalMax } from '../../../envelope/index.ts'
import type { CreateUser, UpdateUser } from './schemas.ts'

// Built once: these queries run most often, and building one costs more than sending it.
const userById = prepared(['id'], (tx, { id }) => tx.select().from(users).where(eq(users.id, id)))
const pageOfUsers = prepared(['offset', 'limit'], (tx, { offset, limit }) =>
  tx.select().from(users).orderBy(desc(users.createdAt), desc(users.id)).offset(offset).limit(limit),
)
const newUser = prepared(['email', 'name'], (tx, values) => tx.insert(users).values(values).returning())
const countUsers = countUpTo(users, totalMax + 1)

export async function listUsers(tx: TenantTx, query: { page: number; limit: number }): Promise<Page<UserRow>> {
  const { page, limit } = query
  // Without an await between them, both queries go in one round trip.
  const [found, total] = await Promise.all([
    pageOfUsers(tx, { offset: (page - 1) * limit, limit: limit + 1 }),
    countUsers(tx),
  ])
  return toPage(found, limit, total)
}

export async function findUser(tx: TenantTx, id: string): Promise<UserRow | undefined> {
  const [row] = await userById(tx, { id })
  return row
}

export async function insertUser(tx: TenantTx, values: CreateUser): Promise<UserRow> {
  const [row] = await newUser(tx, values)
  if (!row) throw new Error('An insert returned no row')
  return row
}

export async function updateUser(tx: TenantTx, id: string, values: UpdateUser): Promise<UserRow | undefined> {
  const [row] = await tx.update(users).set(values).where(eq(users.id, id)).returning()
  return row
}

export async function deleteUser(tx: TenantTx, id: string): Promise<boolean> {
  const rows = await tx.delete(users).where(eq(users.id, id)).returning({ id: users.id })
  return rows.length > 0
}
