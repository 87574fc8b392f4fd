import type { Context } from 'hono'
import type { Identity } from './trust.ts'

/** What a request says its tenant is: an id, or a name that a registry maps to one. */
export type Selector = { readonly id: string } | { readonly name: string }

/** Where a request says which tenant it is for. */
export interface TenantExtractor {
  /** The place, for messages and events: `X-Tenant-Id`. */
  readonly label: string
  /** What a client hears that named no tenant. */
  readonly missing: string
  /** Request headers that decide, for `Vary` (RFC 9110, section 12.5.5). */
  readonly vary?: readonly string[]
  /**
   * @param identity what was verified of the caller; undefined where nothing is
   * @returns an id as it was sent, or a {@link Selector}; undefined when there is none here
   */
  extract(
    c: Context,
    identity: Identity | undefined,
  ): string | Selector | undefined | Promise<string | Selector | undefined>
}

/**
 * Takes the tenant from a request header. The header alone proves nothing: whoever can reach the service can send it.
 *
 * @example
 * app.use('/tasks/*', tenant({ from: header('X-Tenant-Id') }))
 */
export function header(name: string): TenantExtractor {
  if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) throw new TypeError(`"${name}" is not a header's name`)
  return {
    label: name,
    missing: `Tenant header is required: send ${name} with your tenant's id`,
    vary: [name],
    extract: (c) => c.req.header(name),
  }
}
