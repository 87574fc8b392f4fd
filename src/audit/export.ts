import type { Context } from 'hono'
import { TenantRequired, tenantContext } from '../context/index.ts'
import { runInContext } from '../context/internal.ts'
import type { TenantDatabase } from '../database/index.ts'
import { ApiError } from '../errors/index.ts'
import { csvHeader, csvOf } from './csv.ts'
import { toEntry } from './entries.ts'
import { exportBody } from './export-body.ts'
import { createLogReader, type LogEntry, type LogRange } from './log-reader.ts'

/** How an export is written. */
interface Format {
  contentType: string
  fileName: string
  head: string
  linesOf(entries: readonly LogEntry[]): string
}

const ndjson: Format = {
  contentType: 'application/x-ndjson',
  fileName: 'audit-log.ndjson',
  head: '',
  linesOf: (entries) => entries.map((entry) => `${JSON.stringify(toLine(entry))}\n`).join(''),
}
const csv: Format = {
  contentType: 'text/csv; charset=utf-8; header=present',
  fileName: 'audit-log.csv',
  head: csvHeader,
  linesOf: (entries) => csvOf(entries.filter((entry) => 'id' in entry)),
}
export const exportFormats = { 'application/x-ndjson': ndjson, 'text/csv': csv }

const toLine = (entry: LogEntry) => {
  if ('leaf' in entry) return { position: entry.position, leaf: entry.leaf }
  return { ...toEntry(entry), salt: entry.salt, changesHash: entry.changesHash }
}

/** An export outlives its request's slot: so many of a tenant run at the same time in this process. */
const exportsMax = 2

/**
 * Creates the function that responds with an export. What fails before the first bytes is a failure as any other; what fails later breaks
 * the response off.
 */
export function createExport(db: TenantDatabase) {
  const running = new Map<string, number>()

  function begin(tenantId: string): () => void {
    const count = running.get(tenantId) ?? 0
    if (count >= exportsMax)
      throw new ApiError('TOO_MANY_REQUESTS', `${exportsMax} exports of this tenant are under way`, {
        headers: { 'Retry-After': '5' },
      })
    running.set(tenantId, count + 1)
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      const left = (running.get(tenantId) ?? 1) - 1
      if (left > 0) running.set(tenantId, left)
      else running.delete(tenantId)
    }
  }

  /** @throws ApiError TOO_MANY_REQUESTS while the tenant has two exports */
  return async function respond(c: Context, { head, linesOf, ...format }: Format, range: LogRange): Promise<Response> {
    const context = tenantContext()
    if (context === undefined) throw new TenantRequired()
    const headers = {
      'Content-Type': format.contentType,
      'Content-Disposition': `attachment; filename="${format.fileName}"`,
    }
    const end = begin(context.tenantId)
    try {
      const readNext = createLogReader(db, range)
      const first = (await readNext()) ?? []
      if (c.req.method === 'HEAD') {
        end()
        return c.body(null, 200, headers)
      }
      // The body is read outside of the request's context.
      const next = async () => {
        const entries = await runInContext(context, readNext)
        return entries && linesOf(entries)
      }
      const { signal } = context
      return c.body(exportBody({ first: head + linesOf(first), next, end, signal }), 200, headers)
    } catch (error) {
      end()
      throw error
    }
  }
}
