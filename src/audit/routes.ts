import { z } from '@hono/zod-openapi'
import { desc } from 'drizzle-orm'
import type { Context } from 'hono'
import { authorize, type TenantEnv } from '../context/index.ts'
import { one } from '../database/index.ts'
import { listOf, ok, successOf } from '../envelope/index.ts'
import { ApiError } from '../errors/index.ts'
import { createRouter, json, tenantRoute } from '../openapi/index.ts'
import { AuditEntry, type EntryQuery, entryPages, toEntry } from './entries.ts'
import { type AuditRoutesOptions, createExport } from './export.ts'
import { exportFormats } from './export-formats.ts'
import type { LogRange } from './log-reader.ts'
import { negotiated } from './negotiate.ts'
import { auditCheckpoints } from './tables.ts'

const tags = ['audit-log']
const Checkpoint = z
  .object({
    size: z.number().int().openapi({ description: 'How many entries of the log it covers' }),
    note: z.string().openapi({ description: 'The signed note: keep it outside of the service' }),
  })
  .openapi('AuditCheckpoint')

const text = (description: string) => ({ schema: z.string().openapi({ description }) })
/** Declares other media types in the document alone: the client `hc` of Hono asks for JSON, and gets the type of it. */
const withOtherTypes = <Response extends { content: object }>(response: Response, types: object): Response => ({
  ...response,
  content: { ...response.content, ...types },
})

const listTypes = ['application/json', 'application/x-ndjson', 'text/csv'] as const
const checkpointTypes = ['application/json', 'text/plain'] as const

/**
 * Creates the REST routes of the audit trail: the list of entries, its exports, and the last checkpoint. Mount them behind the middlewares
 * `tenant` and `cursors`.
 *
 * Reading needs the permission `audit:read`, and an export `audit:export`, which `owner` alone has.
 *
 * @example
 * app.route('/audit-log', auditRoutes({ db }))
 */
export function auditRoutes(options: AuditRoutesOptions) {
  const { db } = options
  const respondWithExport = createExport(options)

  return createRouter<TenantEnv>()
    .openapi(
      tenantRoute({
        method: 'get',
        path: '/',
        operationId: 'listAuditEntries',
        permission: 'audit:read',
        summary: 'List the entries of the audit trail, by default the newest first',
        description:
          'With `Accept: application/x-ndjson` or `text/csv` it is an export, for which the caller needs `audit:export`: the oldest entry ' +
          'first, all up to the last one that has a position, unless `limit` is given. An export has the filters of the list, and no pages.',
        tags,
        request: { query: entryPages.query },
        responses: {
          200: withOtherTypes(json(listOf(AuditEntry), 'A page of entries, or an export'), {
            'application/x-ndjson': text(
              'A line for each entry: `AuditEntry` with `salt` and `changesHash`, both in hex. Of an entry that was pruned, `position` and `leaf`',
            ),
            'text/csv': text('A line for each column that changed (RFC 4180)'),
          }),
        },
      }),
      async (c) => {
        const query = c.req.valid('query')
        const type = negotiated(c, listTypes)
        c.header('Vary', 'Accept', { append: true })
        if (type !== 'application/json') {
          await authorize(c, 'audit:export')
          return (await respondWithExport(c, exportFormats[type], rangeOf(c, query))) as never // not JSON: withOtherTypes()
        }
        const { rows, meta } = await db.read((tx) => entryPages.page(c, tx, query))
        return ok(c, rows.map(toEntry), { meta })
      },
    )
    .openapi(
      tenantRoute(
        {
          method: 'get',
          path: '/checkpoint',
          operationId: 'getAuditCheckpoint',
          permission: 'audit:read',
          summary: 'Get the last signed checkpoint of the log',
          tags,
          responses: {
            200: withOtherTypes(
              json(successOf(Checkpoint), 'The checkpoint. With `Accept: text/plain` the note alone'),
              {
                'text/plain': text('The signed note'),
              },
            ),
          },
        },
        ['NOT_FOUND'],
      ),
      async (c) => {
        c.header('Vary', 'Accept', { append: true })
        const last = await db.read((tx) =>
          one(tx.select().from(auditCheckpoints).orderBy(desc(auditCheckpoints.size)).limit(1)),
        )
        if (!last) throw new ApiError('NOT_FOUND', 'The log has no checkpoint yet: rowhouse worker signs them')
        if (negotiated(c, checkpointTypes) === 'text/plain') return c.text(last.note) as never // not JSON: withOtherTypes()
        return ok(c, { size: last.size, note: last.note })
      },
    )
}

const ofPages = ['cursor', 'page', 'sort', 'count'] as const

/** What an export has of a query. @throws ApiError VALIDATION_FAILED for what belongs to pages */
function rangeOf(c: Context, query: EntryQuery): LogRange {
  const given = c.req.query()
  const message = 'An export has no pages: it has the filters of the list, and limit'
  const details = ofPages
    .filter((path) => path in given)
    .map((path) => ({ path, in: 'query' as const, code: 'not_in_export', message }))
  if (details.length > 0) throw new ApiError('VALIDATION_FAILED', undefined, { details })
  return { where: entryPages.where(query), limit: 'limit' in given ? query.limit : undefined }
}
