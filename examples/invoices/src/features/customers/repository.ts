import { desc, eq } from 'drizzle-orm'
import {
  countUpTo,
  exists,
  findDatabaseError,
  mapped,
  one,
  type Page,
  type Query,
  type TenantTx,
  toPage,
  totalMax,
} from 'rowhouse'
import { customers } from '../../schema.ts'
import type { CreateCustomer, UpdateCustomer } from './schemas.ts'

export type CustomerRow = typeof customers.$inferSelect

// No query names the tenant: the transaction carries it. Each function returns a query, so that a handler that returns it without
// awaiting it sends its whole transaction as one message.
const countCustomers = countUpTo(customers, totalMax + 1)

export function listCustomers(
  tx: TenantTx,
  { page, limit }: { page: number; limit: number },
): Query<Page<CustomerRow>> {
  const rows = tx
    .select()
    .from(customers)
    .orderBy(desc(customers.createdAt), desc(customers.id))
    .offset((page - 1) * limit)
    .limit(limit + 1)
  return mapped([rows, countCustomers(tx)], ([found, total]) => toPage(found, limit, total))
}

export const findCustomer = (tx: TenantTx, id: string): Query<CustomerRow | undefined> =>
  one(tx.select().from(customers).where(eq(customers.id, id)))

export const insertCustomer = (tx: TenantTx, values: CreateCustomer): Query<CustomerRow> =>
  mapped(tx.insert(customers).values(values).returning(), ([row]) => {
    if (!row) throw new Error('An insert returned no row')
    return row
  })

export const updateCustomer = (tx: TenantTx, id: string, values: UpdateCustomer): Query<CustomerRow | undefined> =>
  one(tx.update(customers).set(values).where(eq(customers.id, id)).returning())

export const deleteCustomer = (tx: TenantTx, id: string): Query<boolean> =>
  exists(tx.delete(customers).where(eq(customers.id, id)).returning({ id: customers.id }))

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
