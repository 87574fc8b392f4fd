import { z } from '@hono/zod-openapi'
import { eq } from 'drizzle-orm'
import {
  ApiError,
  type Constraints,
  created,
  createRouter,
  id,
  ok,
  one,
  successOf,
  type TenantDatabase,
  type TenantEnv,
  tenantRoute,
} from 'rowhouse'
import { attachments } from '../schema.ts'

/** The most bytes of an upload, with its form around it. */
export const uploadBytes = 1024 * 1024

export const attachmentConstraints: Constraints = {
  attachments_tenant_id_invoice_id_fkey: { path: 'invoiceId', message: 'No invoice has this id' },
}

const Upload = z.object({
  invoiceId: id(),
  file: z
    .instanceof(File)
    .refine(({ name }) => name.length >= 1 && name.length <= 200, 'Must have a name of 1 to 200 characters')
    .openapi({ type: 'string', format: 'binary' }),
})

const Attachment = z
  .object({ id: id(), invoiceId: id(), name: z.string(), bytes: z.number().int() })
  .openapi('Attachment')

const tags = ['attachments']

export const attachmentRoutes = ({ db }: { db: TenantDatabase }) =>
  createRouter<TenantEnv>()
    .openapi(
      tenantRoute(
        {
          method: 'post',
          path: '/',
          operationId: 'uploadAttachment',
          permission: 'attachments:write',
          summary: 'Attach a file to an invoice',
          tags,
          request: {
            body: { description: 'The file', required: true, content: { 'multipart/form-data': { schema: Upload } } },
          },
          responses: { 201: created(successOf(Attachment, 201), 'The attachment') },
        },
        ['INVALID_REFERENCE'],
      ),
      async (c) => {
        const { invoiceId, file } = c.req.valid('form')
        const values = { invoiceId, name: file.name, content: new Uint8Array(await file.arrayBuffer()) }
        const row = await db.write((tx) => one(tx.insert(attachments).values(values).returning({ id: attachments.id })))
        if (!row) throw new Error('An insert returned no row')
        return ok(c, { id: row.id, invoiceId, name: file.name, bytes: file.size }, { status: 201 })
      },
    )
    .openapi(
      tenantRoute(
        {
          method: 'get',
          path: '/{id}',
          operationId: 'downloadAttachment',
          permission: 'attachments:read',
          summary: 'Download a file',
          tags,
          request: { params: z.object({ id: id() }) },
          responses: {
            200: { description: 'The file', content: { 'application/octet-stream': { schema: z.string() } } },
          },
        },
        ['NOT_FOUND'],
      ),
      async (c) => {
        const { id } = c.req.valid('param')
        const row = await db.read((tx) => one(tx.select().from(attachments).where(eq(attachments.id, id))))
        if (!row) throw new ApiError('NOT_FOUND', 'Attachment not found')
        // Always a download of bytes: a page that a tenant has uploaded must not run in the origin of this service.
        return c.body(new Uint8Array(row.content), 200, {
          'Content-Type': 'application/octet-stream',
          'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(row.name)}`,
          'X-Content-Type-Options': 'nosniff',
        })
      },
    )
