import { users } from '../../../../db/schema/users.ts'
import { changes } from '../../../audit/index.ts'
import { between, pages, prefix } from '../../../lists/index.ts'

/** The list of a tenant's users. */
export const userPages = pages(users, {
  sort: ['createdAt', 'email', 'name'],
  default: '-createdAt',
  changes: true,
  filters: { created: between('createdAt'), email: prefix(), name: prefix() },
})

/** What changed in it. */
export const userChanges = changes(users)
