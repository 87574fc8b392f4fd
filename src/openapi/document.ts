import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Env } from 'hono'
import type { TenantIdType } from '../context/index.ts'
import { tenantIdsOf } from '../context/internal.ts'

export interface DocumentOptions {
  title: string
  version: string
  description: string
  /** Where the API is. @default the origin of the document */
  servers?: { url: string; description?: string }[]
  /** The groups of the operations: descriptions by name. */
  tags: Record<string, string>
  /** The header that names the tenant, and an example id for Swagger UI. */
  tenantHeader: { name: string; example: string }
  /** The type of tenant ids. @default 'uuid' */
  tenantId?: TenantIdType | undefined
  /**
   * Whether the operations of tenants need a bearer token, whose claim can name the tenant instead of the header.
   * @default false
   */
  bearer?: boolean
}

/** The reference of a route to the header that names the tenant. */
export const tenantReference = '#/components/parameters/Tenant'

/**
 * Generates the OpenAPI 3.1 document of an app as JSON. Call it once: each call takes time and leaks memory.
 *
 * @example
 * const document = createDocument(app, { title: 'Tasks', version: '1.0.0', description: '…', tags, tenantHeader })
 */
export function createDocument<E extends Env>(app: OpenAPIHono<E>, options: DocumentOptions): string {
  const { title, version, description, tags, tenantHeader, bearer = false } = options
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title, version, description, license: { name: 'MIT', url: 'https://opensource.org/license/mit' } },
    servers: options.servers ?? [{ url: '/' }],
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
        description:
          'The position of this write, when the request had a `Bookmark`. Send it with the next requests of the session',
        schema: { type: 'string' },
      },
    },
    parameters: {
      ...document.components?.parameters,
      Tenant: {
        name: tenantHeader.name,
        in: 'header',
        required: !bearer,
        description: `The tenant of this request${bearer ? '. Without it, the token names the tenant' : ''}`,
        schema: tenantIdsOf(options.tenantId).schema,
        ...(bearer ? {} : { example: tenantHeader.example }),
      },
      Bookmark: {
        name: 'Bookmark',
        in: 'header',
        required: false,
        description:
          'Lets a session read its own writes from a replica. Start with `none`, then send the last `Bookmark` of a ' +
          'response',
        schema: { type: 'string' },
      },
    },
  }
  return JSON.stringify({ ...document, components })
}
