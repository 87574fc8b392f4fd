import { sql } from 'drizzle-orm'
import { createAdminDatabase, createPool, unverified } from 'rowhouse'
import { createTestDatabase, testClient } from 'rowhouse/testing'
import { afterAll } from 'vitest'
import { createApp } from '../src/app.ts'
import { schema } from '../src/database.ts'
import { createEvents } from '../src/features/events.ts'
import { sign } from '../src/features/payments/signature.ts'

// Each test file that imports this module gets a migrated database of its own, and its app.

const url = process.env.TEST_DATABASE_URL
if (!url) throw new Error('TEST_DATABASE_URL is not set: the URL of a superuser of a PostgreSQL server for tests')
const { shared, tenantId } = schema
export const { db, ownerUrl } = await createTestDatabase({ url, afterAll, schema, shared, tenantId })

export const admin = createAdminDatabase({
  connections: createPool({ url: ownerUrl, size: 1 }),
  log: { info: () => {}, error: () => {} },
})
afterAll(() => admin.close())

export const secret = 'the secret of the cursors of the tests'
export const paymentSecret = 'the-secret-of-the-tests'
export const events = createEvents()
export const app = createApp({ db, auth: unverified(), events, secret, paymentSecret })
export const client = testClient(app)

/** A client of a tenant, by default of one without rows. */
export function newTenant(tenantId = `org_${crypto.randomUUID().replaceAll('-', '')}`) {
  return { tenantId, ...client.as(tenantId) }
}
export type Client = Pick<ReturnType<typeof newTenant>, 'post' | 'send'>

/** Creates a customer and returns its id. */
export async function createCustomer(as: Client): Promise<string> {
  const address = { street: '1 High Street', city: 'Vienna', country: 'AT' }
  const email = `${crypto.randomUUID()}@acme.example`
  const { data } = await as.post<{ id: string }>('/customers', { name: 'Acme', email, copyTo: [], address })
  return data.id
}

/** Writes a tenant into the directory. */
export const addTenant = (id: string, slug: string, status = 'active') =>
  admin.write({ reason: 'A tenant of a test' }, (tx) =>
    tx.execute(sql`insert into tenancy.tenants (id, slug, name, status) values (${id}, ${slug}, ${slug}, ${status})`),
  )

export interface Invoice {
  id: string
  number: number
  status: string
  customerId: string
  dueOn: string
  totals: { net: string; vat: string; gross: string; paid: string }
}

const consulting = { description: 'Consulting', quantity: '1', unitPrice: '100.00', vatCode: 'AT-20' }

/** Creates an invoice, by default of 120.00. */
export async function createInvoice(as: Client, values: object = {}): Promise<Invoice> {
  const body = { customerId: await createCustomer(as), dueOn: '2027-01-31', lines: [consulting], ...values }
  const { data } = await as.post<Invoice>('/invoices', body)
  return data
}

/** Uploads a file of an invoice. */
export function upload(as: Client, invoiceId: string, content: BlobPart, name = 'scan.pdf') {
  const body = new FormData()
  body.set('invoiceId', invoiceId)
  body.set('file', new File([content], name))
  return as.send<{ id: string }>('POST', '/attachments', { body })
}

/** The body of a webhook. */
export const payment = (tenantId: string, invoiceId: string, amount: string, eventId: string = crypto.randomUUID()) =>
  JSON.stringify({ eventId, tenantId, invoiceId, amount })

/** Sends a webhook as the payment provider does. */
export const deliver = (body: string, signature = sign(body, paymentSecret), headers: Record<string, string> = {}) =>
  client.anonymous.send<{ paid: boolean }>('POST', '/webhooks/payments', {
    body,
    headers: { 'Content-Type': 'application/json', 'X-Payment-Signature': signature, ...headers },
  })
