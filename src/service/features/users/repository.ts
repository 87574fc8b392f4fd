import { eq } from 'drizzle-orm'
import { type UserRow, users } from '../../../../db/schema/users.ts'
import { exists, mapped, one, prepared, preparedUpdate, type Query, type TenantTx } from '../../../database/index.ts'
import type { CreateUser, UpdateUser } from './schemas.ts'

// Built once: these queries run most often, and building one costs more than sending it.
const userById = prepared(['id'], (tx, { id }) => tx.select().from(users).where(eq(users.id, id)))
const newUser = prepared(['email', 'name'], (tx, values) => tx.insert(users).values(values).returning())
const changedUser = preparedUpdate(users, ['id'], (tx, { set, placeholders: { id } }) =>
  tx.update(users).set(set).where(eq(users.id, id)).returning(),
)
const deletedUser = prepared(['id'], (tx, { id }) =>
  tx.delete(users).where(eq(users.id, id)).returning({ id: users.id }),
)

export const findUser = (tx: TenantTx, id: string): Query<UserRow | undefined> => one(userById(tx, { id }))

export const insertUser = (tx: TenantTx, values: CreateUser): Query<UserRow> =>
  mapped(newUser(tx, values), ([row]) => {
    if (!row) throw new Error('An insert returned no row')
    return row
  })

export const updateUser = (tx: TenantTx, id: string, values: UpdateUser): Query<UserRow | undefined> =>
  one(changedUser(tx, values, { id }))

export const deleteUser = (tx: TenantTx, id: string): Query<boolean> => exists(deletedUser(tx, { id }))
