import type { Context } from 'hono'
import type { Identity } from '../context/index.ts'
import { parseTenantId } from '../context/index.ts'
import { asSelector, type Selector, selectorOf } from './selector.ts'

/**
 * Where a request says which tenant it is for. One of your own is an object; it may wait for something, and a plain string
 * that it gives is an id.
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
  /** The place, for messages and events: `X-Tenant-Id`. */
  readonly label: string
  /** What a client hears that named no tenant. */
  readonly missing: string
  /** Whether it gives names: then there has to be a directory. */
  readonly givesNames?: boolean
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

/**
 * Takes the tenant from the path. A middleware sees only the parameters of the path that it is itself put on.
 *
 * @param options `parameter`: its name in the route, without the colon; `yields`: whether it is an id or a name for the registry
 * @throws TypeError when the name is none, or comes with a colon or a pattern
 * @example
 * app.use('/tenants/:tenantId/*', tenant({ from: path({ parameter: 'tenantId' }) }))
 */
export function path(options: { parameter: string; yields?: 'id' | 'name' }): TenantExtractor {
  const { parameter, yields = 'id' } = options
  if (!/^[^\s:/{}*?]+$/.test(parameter)) throw new TypeError(`"${parameter}" is not a route parameter's name`)
  const select = selectorOf(yields)
  return {
    label: `path parameter ${parameter}`,
    missing: `Tenant is required: the path has to name it as its parameter ${parameter}`,
    givesNames: yields === 'name',
    extract(c) {
      const value = c.req.param(parameter)
      return value === undefined ? undefined : select(value)
    },
  }
}

/**
 * Takes the tenant that the caller's verified credentials are for. Of several it takes none: which one is meant the request
 * has to say, for example in a header.
 *
 * @example
 * app.use('/tasks/*', tenant({ from: firstOf(header('X-Tenant-Id'), claim()), auth }))
 */
export function claim(): TenantExtractor {
  return {
    label: 'claim',
    missing: 'Tenant is required: your credentials do not name exactly one',
    extract(_c, identity) {
      const [claimed, ...others] = identity?.tenants ?? []
      if (claimed === undefined || others.length > 0) return undefined
      return parseTenantId(claimed) === undefined ? { name: claimed } : { id: claimed }
    },
  }
}

/**
 * Asks one extractor after the other; the first that finds something decides, also when what it finds is malformed or
 * unknown. An empty value is nothing. A client that named no tenant hears what the first says.
 *
 * @throws TypeError when there is no extractor
 * @example
 * app.use('/tasks/*', tenant({ from: firstOf(subdomain(), header('X-Tenant-Id')), directory }))
 */
export function firstOf(...extractors: TenantExtractor[]): TenantExtractor {
  const [first] = extractors
  if (first === undefined) throw new TypeError('firstOf() needs an extractor')
  return {
    label: extractors.map(({ label }) => label).join(' or '),
    missing: first.missing,
    givesNames: extractors.some(({ givesNames }) => givesNames),
    vary: [...new Set(extractors.flatMap(({ vary }) => vary ?? []))],
    async extract(c, identity) {
      for (const extractor of extractors) {
        const found = asSelector(await extractor.extract(c, identity))
        if (found) return { from: extractor.label, ...found }
      }
      return undefined
    },
  }
}
