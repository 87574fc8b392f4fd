import { and, eq } from 'drizzle-orm'
import { type UserRow, users } from '../../../../db/schema/users.ts'
import { type ExpectedVersion, rowVersion, type WrittenRow, writtenRow } from '../../../conditions/index.ts'
import { mapped, one, prepared, type Query, type TenantTx } from '../../../database/index.ts'
import { discard, forGood, restore } from '../../../trash/index.ts'
import type { CreateUser, UpdateUser } from './schemas.ts'

export const userVersion = rowVersion(users.updatedAt)

// Built once: these queries run most often, and building one costs more than sending it.
const userById = prepared(['id'], (tx, { id }) => tx.select().from(users).where(eq(users.id, id)))
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

export const deleteUserForGood = (
  tx: TenantTx,
  id: string,
  expected?: ExpectedVersion,
): Query<WrittenRow<{ id?: string }>> => forGood(deleteUser(tx, id, expected), discard(tx, users, id))

export const restoreUser = (tx: TenantTx, id: string): Query<UserRow | undefined> => restore(tx, users, id)
