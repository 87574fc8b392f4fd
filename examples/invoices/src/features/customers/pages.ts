import { between, pages, prefix } from 'rowhouse/lists'
import { customers } from '../../schema.ts'

/** The list of a tenant's customers. */
export const customerPages = pages(customers, {
  sort: ['createdAt', 'name'],
  default: '-createdAt',
  filters: { created: between('createdAt'), name: prefix() },
})
