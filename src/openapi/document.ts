import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Env } from 'hono'

export interface DocumentOptions {
  title: string
  version: string
  description: string
  /** What the operations are grouped by: name and description. */
  tags: Record<string, string>
  /** The header that names the tenant, and an id that is filled in where the document is tried out. */
  tenantHeader: { name: string; example: string }
}

/**
 * Writes the OpenAPI 3.1 document of an app, as a string: build it once and serve it, since building it again on each
 * request costs and leaks.
 *
 * @example
 * const document = createDocument(app, { title: 'Tasks', version: '1.0.0', description: '…', tags, tenantHeader })
 */
export function createDocument<E extends Env>(app: OpenAPIHono<E>, options: DocumentOptions): string {
  const { title, version, description, tags, tenantHeader } = options
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title, version, description, license: { name: 'MIT', url: 'https://opensource.org/license/mit' } },
    servers: [{ url: '/' }],
    security: [],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
  })
  const components = {
    ...document.components,
    parameters: {
      ...document.components?.parameters,
      Tenant: {
        name: tenantHeader.name,
        in: 'header',
        required: true,
        description: 'The tenant this request is for',
        schema: { type: 'string', format: 'uuid' },
        example: tenantHeader.example,
      },
    },
  }
  return JSON.stringify({ ...document, components })
}
