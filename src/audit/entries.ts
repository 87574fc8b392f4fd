import { z } from '@hono/zod-openapi'
import { anyOf, atLeast, below, equals, pages } from '../lists/index.ts'
import { id, text } from '../openapi/index.ts'
import { type AuditEntryRow, auditTrail } from './tables.ts'

const value = z.string().nullable()
const Change = z.object({ from: value, to: value }).openapi('AuditChange')

/** An entry of the audit trail. */
export const AuditEntry = z
  .object({
    id: id(),
    at: z.iso.datetime(),
    position: z
      .number()
      .int()
      .nullable()
      .openapi({ description: 'The place in the log of the tenant, without gaps; null until the worker gives it' }),
    action: z.string().openapi({
      description:
        '`created`, `updated`, `deleted` or `restored`; an event of the application has an action with a dot',
      example: 'updated',
    }),
    resource: z.string().openapi({ description: 'The table, or what an event is about', example: 'tasks' }),
    targetId: value.openapi({ description: 'The primary key of the row without its tenant' }),
    actor: value,
    requestId: value,
    source: z.string().openapi({
      description:
        '`request`; `trigger` without a request; `event` of the application; `admin`; `owner`, such as a migration',
      example: 'request',
    }),
    reason: value.openapi({ description: 'Why an administrator did it' }),
    changes: z
      .record(z.string(), Change)
      .nullable()
      .openapi({
        description: 'Each column that differs, its values as text; null when they were erased',
        example: { status: { from: 'todo', to: 'done' } },
      }),
  })
  .openapi('AuditEntry')

/** The entry as clients see it. */
export const toEntry = (row: AuditEntryRow): z.input<typeof AuditEntry> => ({
  id: row.id,
  at: row.at.toISOString(),
  position: row.position,
  action: row.action,
  resource: row.resource,
  targetId: row.targetId,
  actor: row.actor,
  requestId: row.requestId,
  source: row.source,
  reason: row.reason,
  changes:
    row.changes && Object.fromEntries(Object.entries(row.changes).map(([name, { from, to }]) => [name, { from, to }])),
})

/** The list of a tenant's entries. */
export const entryPages = pages(auditTrail, {
  sort: ['at'],
  default: '-at',
  filters: {
    actor: equals(text({ min: 1, max: 255 })),
    action: anyOf(text({ min: 1, max: 100 })),
    resource: equals(text({ min: 1, max: 200 })),
    target: equals(text({ min: 1, max: 2000 }), 'targetId'),
    from: atLeast('at'),
    to: below('at'),
  },
})
/** The query of the list, as its schema reads it. */
export type EntryQuery = z.output<typeof entryPages.query>
