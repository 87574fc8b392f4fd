import { taskStatuses, tasks } from '../../../../db/schema/tasks.ts'
import { changes } from '../../../audit/index.ts'
import { between, equals, oneOf, prefix } from '../../../lists/index.ts'
import { id } from '../../../openapi/index.ts'
import { trashPages } from '../../../trash/index.ts'

/** The list of a tenant's tasks, and of its deleted ones. */
export const taskPages = trashPages(tasks, {
  sort: ['createdAt', 'title'],
  default: '-createdAt',
  changes: true,
  filters: { status: oneOf(taskStatuses), userId: equals(id()), created: between('createdAt'), title: prefix() },
})

/** What changed in it. */
export const taskChanges = changes(tasks)
