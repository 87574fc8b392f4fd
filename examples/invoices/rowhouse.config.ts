import { defineConfig } from 'rowhouse/config'
import { shared, tenantId } from './src/schema.ts'

const both = { audit: true, trash: true }

export default defineConfig({
  schema: './src/schema.ts',
  shared,
  tenantId,
  tables: {
    customers: both,
    invoices: both,
    invoice_lines: both,
    invoice_tags: both,
    attachments: { audit: { redact: ['content'] }, trash: true },
    payments: { audit: true },
  },
})
