import { and, eq } from 'drizzle-orm'
import {
  type ExpectedVersion,
  findDatabaseError,
  mapped,
  one,
  type Query,
  rowVersion,
  type TenantTx,
  type WrittenRow,
  writtenRow,
} from 'rowhouse'
import { discard, forGood, restore } from 'rowhouse/trash'
import { customers } from '../../schema.ts'
import type { CreateCustomer, UpdateCustomer } from './schemas.ts'

export type CustomerRow = typeof customers.$inferSelect

/** The version of a customer: PostgreSQL changes `updated_at` with each write. */
export const customerVersion = rowVersion(customers.updatedAt)

// No query names the tenant: the transaction carries it. Each function returns a query, so that a handler that returns it without
// awaiting it sends its whole transaction as one message.
export const findCustomer = (tx: TenantTx, id: string): Query<CustomerRow | undefined> =>
  one(tx.select().from(customers).where(eq(customers.id, id)))

export const insertCustomer = (tx: TenantTx, values: CreateCustomer): Query<CustomerRow> =>
  mapped(tx.insert(customers).values(values).returning(), ([row]) => {
    if (!row) throw new Error('An insert returned no row')
    return row
  })

// The condition of the client is part of the statement that writes: nothing comes between.
const isExpected = (id: string, expected: ExpectedVersion | undefined) =>
  and(eq(customers.id, id), customerVersion.condition(expected))

/** Tells an absent row from one in another version. It is sent only with a condition. */
const isThere = (tx: TenantTx, id: string) =>
  tx.select({ id: customers.id }).from(customers).where(eq(customers.id, id))

export const updateCustomer = (
  tx: TenantTx,
  id: string,
  values: UpdateCustomer,
  expected?: ExpectedVersion,
): Query<WrittenRow<CustomerRow>> =>
  writtenRow(tx.update(customers).set(values).where(isExpected(id, expected)).returning(), expected && isThere(tx, id))

export const deleteCustomer = (
  tx: TenantTx,
  id: string,
  expected?: ExpectedVersion,
): Query<WrittenRow<{ id: string }>> =>
  writtenRow(
    tx.delete(customers).where(isExpected(id, expected)).returning({ id: customers.id }),
    expected && isThere(tx, id),
  )

/** Deletes a customer for good, also out of the trash, with what fell with it. */
export const deleteCustomerForGood = (
  tx: TenantTx,
  id: string,
  expected?: ExpectedVersion,
): Query<WrittenRow<{ id?: string }>> => forGood(deleteCustomer(tx, id, expected), discard(tx, customers, id))

/** Puts a customer back, with its invoices, their lines, tags and files. */
export const restoreCustomer = (tx: TenantTx, id: string): Query<CustomerRow | undefined> => restore(tx, customers, id)

/** Inserts each customer in a savepoint of its own: one whose email exists already is reported, and the others stay. */
export async function importCustomers(tx: TenantTx, rows: readonly CreateCustomer[]) {
  const imported: string[] = []
  const rejected: { index: number; message: string }[] = []
  for (const [index, values] of rows.entries()) {
    try {
      const { id } = await tx.transaction((savepoint) => insertCustomer(savepoint, values))
      imported.push(id)
    } catch (error) {
      if (findDatabaseError(error)?.constraint !== 'customers_tenant_id_email_key') throw error
      rejected.push({ index, message: 'A customer with this email exists already' })
    }
  }
  return { imported, rejected }
}
