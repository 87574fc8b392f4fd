import { and, desc, eq } from 'drizzle-orm'
import { type UserRow, users } from '../../../../db/schema/users.ts'
import { type ExpectedVersion, rowVersion, type WrittenRow, writtenRow } from '../../../conditions/index.ts'
import { countUpTo, mapped, one, prepared, type Query, rowCount, type TenantTx } from '../../../database/index.ts'
import { type Page, toPage, totalMax } from '../../../envelope/index.ts'
import type { CreateUser, UpdateUser } from './schemas.ts'

export const userVersion = rowVersion(users.updatedAt)

// Built once: these queries run most often, and building one costs more than sending it.
const userById = prepared(['id'], (tx, { id }) => tx.select().from(users).where(eq(users.id, id)))
const pageOfUsers = prepared(['offset', 'limit'], (tx, { offset, limit }) =>
  tx
    .select()
    .from(users)
    .orderBy(desc(users.createdAt), desc(users.id))
    .offset(rowCount(offset))
    .limit(rowCount(limit)),
)
const newUser = prepared(['email', 'name'], (tx, values) => tx.insert(users).values(values).returning())
const changedUser = userVersion.preparedUpdate(users, ['id'], (tx, { set, condition, placeholders: { id } }) =>
  tx
    .update(users)
    .set(set)
    .where(and(eq(users.id, id), condition))
    .returning(),
)
const deletedUser = userVersion.prepared(['id'], (tx, { id }, condition) =>
  tx
    .delete(users)
    .where(and(eq(users.id, id), condition))
    .returning({ id: users.id }),
)
const countUsers = countUpTo(users, totalMax + 1)

export function listUsers(tx: TenantTx, { page, limit }: { page: number; limit: number }): Query<Page<UserRow>> {
  const offset = (page - 1) * limit
  return mapped([pageOfUsers(tx, { offset, limit: limit + 1 }), countUsers(tx)], ([found, total]) =>
    toPage(found, limit, total),
  )
}

export const findUser = (tx: TenantTx, id: string): Query<UserRow | undefined> => one(userById(tx, { id }))

export const insertUser = (tx: TenantTx, values: CreateUser): Query<UserRow> =>
  mapped(newUser(tx, values), ([row]) => {
    if (!row) throw new Error('An insert returned no row')
    return row
  })

export const updateUser = (
  tx: TenantTx,
  id: string,
  values: UpdateUser,
  expected?: ExpectedVersion,
): Query<WrittenRow<UserRow>> => writtenRow(changedUser(tx, values, { id }, expected), expected && userById(tx, { id }))

export const deleteUser = (tx: TenantTx, id: string, expected?: ExpectedVersion): Query<WrittenRow<{ id: string }>> =>
  writtenRow(deletedUser(tx, { id }, expected), expected && userById(tx, { id }))
