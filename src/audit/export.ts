import type { Context } from 'hono'
import { TenantRequired, tenantContext } from '../context/index.ts'
import { runInContext } from '../context/internal.ts'
import type { TenantDatabase } from '../database/index.ts'
import { ApiError, findDatabaseError } from '../errors/index.ts'
import { callListener, consoleLog } from '../errors/internal.ts'
import { exportBody } from './export-body.ts'
import type { ExportFormat } from './export-formats.ts'
import { createLogReader, type LogRange } from './log-reader.ts'

export interface AuditRoutesOptions {
  db: TenantDatabase
  /** Called with what breaks an export off, after its first bytes. Its own error is ignored. @default logs the name of the error */
  onExportError?: ((error: unknown) => unknown) | undefined
}

const logExportError = (error: unknown): void =>
  consoleLog.error(
    {
      name: error instanceof Error ? error.name : typeof error,
      sqlstate: findDatabaseError(error)?.sqlstate,
    },
    'an export of the audit trail broke off',
  )

/** An export outlives its request's slot: so many of a tenant run at the same time in this process. */
const exportsMax = 2

/**
 * Creates the function that responds with an export. What fails before the first bytes is a failure as any other; what fails later breaks
 * the response off.
 */
export function createExport({ db, onExportError = logExportError }: AuditRoutesOptions) {
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
  return async function respond(
    c: Context,
    { head, linesOf, ...format }: ExportFormat,
    range: LogRange,
  ): Promise<Response> {
    const context = tenantContext()
    if (context === undefined) throw new TenantRequired()
    const { signal } = context
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
        try {
          const entries = await runInContext(context, readNext)
          return entries && linesOf(entries)
        } catch (error) {
          if (!signal?.aborted) callListener(() => onExportError(error))
          throw new Error('The export broke off') // the runtime may print it, and a message can contain values
        }
      }
      return c.body(exportBody({ first: head + linesOf(first), next, end, signal }), 200, headers)
    } catch (error) {
      end()
      throw error
    }
  }
}
