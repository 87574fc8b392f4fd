import { taskStatuses, tasks } from '../../../../db/schema/tasks.ts'
import { changes } from '../../../audit/index.ts'
import { between, equals, oneOf, pages, prefix } from '../../../lists/index.ts'
import { id } from '../../../openapi/index.ts'

/** The list of a tenant's tasks. */
export const taskPages = pages(tasks, {
  sort: ['createdAt', 'title'],
  default: '-createdAt',
  changes: true,
  filters: { status: oneOf(taskStatuses), userId: equals(id()), created: between('createdAt'), title: prefix() },
})

/** What changed in it. */
export const taskChanges = changes(tasks)
