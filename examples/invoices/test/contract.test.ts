import { contractCases } from 'rowhouse/testing'
import { test } from 'vitest'
import { tenantId } from '../src/schema.ts'
import { type Client, client, createCustomer, createInvoice, upload } from './app.ts'

const document = JSON.stringify((await client.anonymous.get('/openapi.json')).body)

const fixtures = {
  customerId: createCustomer,
  // A multipart form has no example in the document.
  '/attachments': async (as: Client) => (await upload(as, (await createInvoice(as)).id, 'A scan')).data.id,
}
// The webhook has a signature instead of a tenant: payments.test.ts
for (const { name, skip, run } of contractCases({ client, document, fixtures, tenantId, except: ['receivePayment'] }))
  test.skipIf(skip !== undefined)(name, run)
