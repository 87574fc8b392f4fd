import { id } from 'rowhouse'
import { between, equals, oneOf, pages } from 'rowhouse/lists'
import { invoices } from '../../schema.ts'

/** The list of a tenant's invoices, and of those of a customer. */
export const invoicePages = pages(invoices, {
  sort: ['number', 'dueOn'],
  default: '-number',
  filters: { status: oneOf(invoices.status.enumValues), customerId: equals(id()), due: between('dueOn') },
})
