import type { Context } from 'hono'
import type { Identity, TenantKind } from '../context/index.ts'
import { assertKind, keyOf, kindInWords, partsOf } from '../context/internal.ts'
import { isHeaderName } from '../text/index.ts'
import { type Selector, toSelector } from './selector.ts'

/**
 * Reads from a request which tenant it is for. Your own extractor is an object. `extract` may be asynchronous, and a text
 * that it returns is of the kind that `yields` says.
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
   * What the text is that `extract` returns. Another kind than `id` needs a tenant directory.
   *
   * @default 'id'
   */
  readonly yields?: TenantKind
  /** The request headers that it reads, for `Vary` (RFC 9110, section 12.5.5). */
  readonly vary?: readonly string[]
  /**
   * @param identity the verified caller
   * @returns the value as it was sent, or a {@link Selector} such as `{ slug: 'acme' }`; undefined when the request names no tenant here
   */
  extract(c: Context, identity: Identity): string | Selector | undefined | Promise<string | Selector | undefined>
}

/**
 * Reads the tenant from a request header. A header proves nothing: every client can send it.
 *
 * @param options `yields`: what the header holds. @default the id
 * @throws TypeError when the name cannot be the name of a header
 * @example
 * app.use('/tasks/*', tenant({ from: header('X-Tenant-Id'), auth }))
 */
export function header(name: string, options: { yields?: TenantKind } = {}): TenantExtractor {
  const { yields = 'id' } = options
  assertKind(yields)
  if (!isHeaderName(name)) throw new TypeError(`header() needs a header name (got "${name}")`)
  return {
    label: name,
    missing: `Tenant header is required: send ${name} with your tenant's ${kindInWords[yields]}`,
    yields,
    vary: [name],
    extract: (c) => c.req.header(name),
  }
}

/**
 * Reads the tenant from the path. A middleware can read only the parameters of the path that it is registered with.
 *
 * @param options `parameter`: its name in the route, without the colon; `yields`: what it holds, the id by default
 * @throws TypeError when the parameter is empty, or contains a colon or a pattern
 * @example
 * app.use('/tenants/:tenantId/*', tenant({ from: path({ parameter: 'tenantId' }), auth }))
 */
export function path(options: { parameter: string; yields?: TenantKind }): TenantExtractor {
  const { parameter, yields = 'id' } = options
  if (!/^[^\s:/{}*?]+$/.test(parameter))
    throw new TypeError(`path() needs the name of a route parameter without ":" or a pattern (got "${parameter}")`)
  assertKind(yields)
  return {
    label: `path parameter ${parameter}`,
    missing: `Tenant is required: name it in the path parameter ${parameter}`,
    yields,
    extract: (c) => c.req.param(parameter),
  }
}

/**
 * Reads the tenant from the caller's verified credentials, if they name exactly one. When they name several, the request has
 * to choose one, for example in a header. What the value is, the credentials say: `jwt({ tenants: { claim: 'org_id', yields: 'externalId' }, … })`.
 *
 * @example
 * app.use('/tasks/*', tenant({ from: firstOf(header('X-Tenant-Id'), claim()), auth }))
 */
export function claim(): TenantExtractor {
  return {
    label: 'claim',
    missing: 'Tenant is required: your credentials do not name exactly one',
    extract(_c, identity) {
      const claimed = identity.tenants === 'any' ? [] : identity.tenants
      const [first, ...others] = claimed.map((one) => (typeof one === 'string' ? { id: one } : one)).map(partsOf)
      if (first === undefined) return undefined
      const isOne = others.every(({ kind, value }) => kind === first.kind && value === first.value)
      return isOne ? keyOf(first.kind, first.value) : undefined
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
    yields: extractors.map(({ yields = 'id' }) => yields).find((kind) => kind !== 'id') ?? 'id',
    vary: [...new Set(extractors.flatMap(({ vary }) => vary ?? []))],
    async extract(c, identity) {
      for (const extractor of extractors) {
        const found = toSelector(await extractor.extract(c, identity), extractor.yields)
        if (found) return { from: extractor.label, ...found }
      }
      return undefined
    },
  }
}
