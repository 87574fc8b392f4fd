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
  /** Whether operations of tenants want a bearer token, whose claim can name the tenant in the header's place. */
  bearer?: boolean
}

/** How routes of tenants refer to the header that names the tenant. */
export const tenantReference = '#/components/parameters/Tenant'

/**
 * Writes the OpenAPI 3.1 document of an app, as a string: build it once and serve it, since building it again on each
 * request costs and leaks.
 *
 * @example
 * const document = createDocument(app, { title: 'Tasks', version: '1.0.0', description: '…', tags, tenantHeader })
 */
export function createDocument<E extends Env>(app: OpenAPIHono<E>, options: DocumentOptions): string {
  const { title, version, description, tags, tenantHeader, bearer = false } = options
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title, version, description, license: { name: 'MIT', url: 'https://opensource.org/license/mit' } },
    servers: [{ url: '/' }],
    security: [],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
  })
  const paths = Object.values(document.paths ?? {})
  const writes = paths.flatMap(({ post, put, patch, delete: remove }) => [post, put, patch, remove])
  if (bearer)
    for (const operation of [...paths.map(({ get }) => get), ...writes])
      if (operation?.parameters?.some((one) => '$ref' in one && one.$ref === tenantReference))
        operation.security = [{ bearer: [] }]
  for (const { responses = {} } of writes.filter((operation) => operation !== undefined))
    for (const [status, response] of Object.entries(responses))
      if (/^2/.test(status))
        response.headers = { ...response.headers, Bookmark: { $ref: '#/components/headers/Bookmark' } }
  const components = {
    ...document.components,
    ...(bearer ? { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } } : {}),
    headers: {
      ...document.components?.headers,
      Bookmark: {
        description: 'Where this write stands, if the request had a `Bookmark`: what the session sends from now on',
        schema: { type: 'string' },
      },
    },
    parameters: {
      ...document.components?.parameters,
      Tenant: {
        name: tenantHeader.name,
        in: 'header',
        required: !bearer,
        description: `The tenant this request is for${bearer ? '; that of the token when left out' : ''}`,
        schema: { type: 'string', format: 'uuid' },
        ...(bearer ? {} : { example: tenantHeader.example }),
      },
      Bookmark: {
        name: 'Bookmark',
        in: 'header',
        required: false,
        description:
          'For a session that is to read its own writes where reads go to a replica: `none` to begin with, then the ' +
          '`Bookmark` of the last answer that had one',
        schema: { type: 'string' },
      },
    },
  }
  return JSON.stringify({ ...document, components })
}
