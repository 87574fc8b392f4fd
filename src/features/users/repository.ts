import { desc, eq } from 'drizzle-orm'
import { type UserRow, users } from '../../../db/schema/users.ts'
import { type Page, toPage, totalMax } from '../../envelope/index.ts'
import { countUpTo, type TenantTx } from '../../tenancy/index.ts'
import type { CreateUser, UpdateUser } from './schemas.ts'

export async function listUsers(tx: TenantTx, query: { page: number; limit: number }): Promise<Page<UserRow>> {
  const { page, limit } = query
  const found = await tx
    .select()
    .from(users)
    .orderBy(desc(users.createdAt), desc(users.id))
    .offset((page - 1) * limit)
    .limit(limit + 1)
  return toPage(found, limit, await countUpTo(tx, users, totalMax + 1))
}

export async function findUser(tx: TenantTx, id: string): Promise<UserRow | undefined> {
  const [row] = await tx.select().from(users).where(eq(users.id, id))
  return row
}

export async function insertUser(tx: TenantTx, values: CreateUser): Promise<UserRow> {
  const [row] = await tx.insert(users).values(values).returning()
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
