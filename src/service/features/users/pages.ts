import { users } from '../../../../db/schema/users.ts'
import { changes } from '../../../audit/index.ts'
import { between, prefix } from '../../../lists/index.ts'
import { trashPages } from '../../../trash/index.ts'

/** The list of a tenant's users, and of its deleted ones. */
export const userPages = trashPages(users, {
  sort: ['createdAt', 'email', 'name'],
  default: '-createdAt',
  changes: true,
  filters: { created: between('createdAt'), email: prefix(), name: prefix() },
})

/** What changed in it. */
export const userChanges = changes(users)
