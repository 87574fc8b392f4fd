import { users } from '../../../../db/schema/users.ts'
import { between, pages, prefix } from '../../../lists/index.ts'

/** The list of a tenant's users. */
export const userPages = pages(users, {
  sort: ['createdAt', 'email', 'name'],
  default: '-createdAt',
  filters: { created: between('createdAt'), email: prefix(), name: prefix() },
})
