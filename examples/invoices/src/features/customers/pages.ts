import { between, prefix } from 'rowhouse/lists'
import { trashPages } from 'rowhouse/trash'
import { customers } from '../../schema.ts'

/** The list of a tenant's customers, and of its deleted ones. */
export const customerPages = trashPages(customers, {
  sort: ['createdAt', 'name'],
  default: '-createdAt',
  filters: { created: between('createdAt'), name: prefix() },
})
