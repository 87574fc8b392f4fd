import type { TenantIdType } from '../context/index.ts'
import type { EnvelopeOptions } from '../envelope/index.ts'

export interface DocumentOptions {
  title: string
  version: string
  description: string
  /** The groups of the operations: descriptions by name. */
  tags: Record<string, string>
  /** The licence of the API. @default none */
  license?: { name: string; url?: string }
  /** Where the API is. `[{ url: '.' }]` is the folder of the document, also behind a prefix. @default the origin of the document */
  servers?: { url: string; description?: string }[]
  /** The header that names the tenant, and an example id for Swagger UI: a security scheme. @default none, as with `claim()` */
  tenantHeader?: { name: string; example: string } | undefined
  /** The type of tenant ids. @default 'uuid' */
  tenantId?: TenantIdType | undefined
  /**
   * Whether the operations of tenants need a bearer token, whose claim can name the tenant instead of the header.
   * @default false
   */
  bearer?: boolean
  /**
   * What the operations of tenants need instead, such as `[{ session: [] }]`. Register the schemes with
   * `app.openAPIRegistry.registerComponent('securitySchemes', 'session', { … })`.
   */
  security?: Record<string, string[]>[]
  /** Whether reads may go to a replica, so that a client sends and gets a `Bookmark`. @default false */
  bookmarks?: boolean
  /** Whether responses have the headers of a rate limit. @default false */
  rateLimit?: boolean
  /** The envelope of the app, from `createEnvelope`. @default the one with all fields */
  envelope?: { options: EnvelopeOptions }
}
