import type { Context } from 'hono'
import type { Identity, TenantId } from '../context/index.ts'
import { isHeaderName } from '../text/index.ts'
import { type Selector, selectorFor, toSelector } from './selector.ts'

/**
 * Reads from a request which tenant it is for. Your own extractor is an object. `extract` may be asynchronous, and a string
 * that it returns is an id.
 *
 * @example
 * const ofSession: TenantExtractor = {
 *   label: 'session',
 *   missing: 'Sign in first',
 *   vary: ['Cookie'],
 *   extract: async (c) => (await sessions.find(getCookie(c, 'session')))?.organisationId,
 * }
 */
export interface TenantExtractor {
  /** The place in the request, for messages and events, such as `X-Tenant-Id`. */
  readonly label: string
  /** The message for a client whose request names no tenant. */
  readonly missing: string
  /**
   * Whether it returns names, which need a tenant directory.
   *
   * @default false
   */
  readonly yieldsNames?: boolean
  /** The request headers that it reads, for `Vary` (RFC 9110, section 12.5.5). */
  readonly vary?: readonly string[]
  /**
   * @param identity the verified caller
   * @param ids `parse` returns the id in its canonical form; undefined for text that is no id of `tenant()`
   * @returns an id as it was sent, or a {@link Selector}; undefined when the request names no tenant here
   */
  extract(
    c: Context,
    identity: Identity,
    ids: { parse(value: string): TenantId | undefined },
  ): string | Selector | undefined | Promise<string | Selector | undefined>
}

/**
 * Reads the tenant id from a request header. A header proves nothing: every client can send it.
 *
 * @throws TypeError when the name cannot be the name of a header
 * @example
 * app.use('/tasks/*', tenant({ from: header('X-Tenant-Id'), auth }))
 */
export function header(name: string): TenantExtractor {
  if (!isHeaderName(name)) throw new TypeError(`header() needs a header name (got "${name}")`)
  return {
    label: name,
    missing: `Tenant header is required: send ${name} with your tenant's id`,
    vary: [name],
    extract: (c) => c.req.header(name),
  }
}

/**
 * Reads the tenant from the path. A middleware can read only the parameters of the path that it is registered with.
 *
 * @param options `parameter`: its name in the route, without the colon; `yields`: `'id'`, or `'name'` for the tenant directory
 * @throws TypeError when the parameter is empty, or contains a colon or a pattern
 * @example
 * app.use('/tenants/:tenantId/*', tenant({ from: path({ parameter: 'tenantId' }), auth }))
 */
export function path(options: { parameter: string; yields?: 'id' | 'name' }): TenantExtractor {
  const { parameter, yields = 'id' } = options
  if (!/^[^\s:/{}*?]+$/.test(parameter))
    throw new TypeError(`path() needs the name of a route parameter without ":" or a pattern (got "${parameter}")`)
  const select = selectorFor(yields)
  return {
    label: `path parameter ${parameter}`,
    missing: `Tenant is required: name it in the path parameter ${parameter}`,
    yieldsNames: yields === 'name',
    extract(c) {
      const value = c.req.param(parameter)
      return value === undefined ? undefined : select(value)
    },
  }
}

/**
 * Reads the tenant from the caller's verified credentials, if they name exactly one. When they name several, the request has
 * to choose one, for example in a header.
 *
 * @example
 * app.use('/tasks/*', tenant({ from: firstOf(header('X-Tenant-Id'), claim()), auth }))
 */
export function claim(): TenantExtractor {
  return {
    label: 'claim',
    missing: 'Tenant is required: your credentials do not name exactly one',
    extract(_c, identity, ids) {
      const [claimed, ...others] = identity.tenants === 'any' ? [] : identity.tenants
      if (claimed === undefined || others.length > 0) return undefined
      return ids.parse(claimed) === undefined ? { name: claimed } : { id: claimed }
    },
  }
}

/**
 * Uses the first extractor that finds a value, even if that value is malformed or unknown. An empty value counts as absent.
 * A request that names no tenant is answered with the message of the first extractor.
 *
 * @throws TypeError when there is no extractor
 * @example
 * app.use('/tasks/*', tenant({ from: firstOf(subdomain(), header('X-Tenant-Id')), auth, directory }))
 */
export function firstOf(...extractors: TenantExtractor[]): TenantExtractor {
  const [first] = extractors
  if (first === undefined) throw new TypeError('firstOf() needs at least one extractor')
  return {
    label: extractors.map(({ label }) => label).join(' or '),
    missing: first.missing,
    yieldsNames: extractors.some(({ yieldsNames }) => yieldsNames),
    vary: [...new Set(extractors.flatMap(({ vary }) => vary ?? []))],
    async extract(c, identity, ids) {
      for (const extractor of extractors) {
        const found = toSelector(await extractor.extract(c, identity, ids))
        if (found) return { from: extractor.label, ...found }
      }
      return undefined
    },
  }
}
