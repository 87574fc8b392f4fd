import type { MiddlewareHandler } from 'hono'
import { isHeaderName, isLabel, isOriginPattern, partsOfWildcard } from '../text/index.ts'
import { addVary, setHeaders } from './set-headers.ts'

export interface CorsOptions {
  /**
   * The origins whose pages may call the API and read its responses: exact ones such as `https://app.example.com`, and
   * `https://*.example.com` for one label in place of the star.
   */
  origins: readonly string[]
  /** The header that names the tenant. @default 'X-Tenant-Id' */
  tenantHeader?: string | undefined
  /** Request headers of your own that a page may send. @default none */
  allowHeaders?: readonly string[]
  /** Response headers of your own that a page may read. @default none */
  exposeHeaders?: readonly string[]
}

const methods = 'GET, HEAD, POST, PUT, PATCH, DELETE'
const allowed = (tenantHeader: string): string[] => [
  ...['Content-Type', 'Authorization', tenantHeader, 'X-Request-Id', 'Idempotency-Key', 'If-Match', 'If-None-Match'],
  ...['Bookmark', 'traceparent'],
]
const exposed = [
  ...['X-Request-Id', 'ETag', 'Location', 'Retry-After'],
  ...['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset', 'RateLimit-Policy'],
  ...['Idempotency-Replayed', 'Bookmark', 'Allow', 'WWW-Authenticate'],
]
/** How long a browser may remember the answer to a preflight. Chromium remembers none for longer. */
const preflightSeconds = '7200'

/**
 * Lets the pages of other origins call the API (https://fetch.spec.whatwg.org/#http-cors-protocol). A preflight is answered with 204 at
 * once, on every path. Responses to an allowed origin have the CORS headers, failures too; an origin that is not allowed gets none.
 * Every response has `Vary: Origin`. A page of an exact origin may send credentials such as cookies; one that a wildcard allows may not.
 *
 * Use it before authentication, limits, and everything else that could refuse a preflight.
 *
 * @throws TypeError when there is no origin, or an origin or a header's name is malformed
 * @example
 * app.use(cors({ origins: ['https://app.example.com', 'https://*.preview.example.com'] }))
 */
export function cors(options: CorsOptions): MiddlewareHandler {
  const { tenantHeader = 'X-Tenant-Id', allowHeaders = [], exposeHeaders = [] } = options
  const permit = createPermit(options.origins)
  const exposing = ['Access-Control-Expose-Headers', listed([...exposed, ...exposeHeaders])] as const
  const preflight = [
    ['Access-Control-Allow-Methods', methods],
    ['Access-Control-Allow-Headers', listed([...allowed(tenantHeader), ...allowHeaders])],
    ['Access-Control-Max-Age', preflightSeconds],
  ] as const

  return async function cors(c, next) {
    const granted = permit(c.req.header('Origin'))
    if (c.req.method === 'OPTIONS' && c.req.header('Access-Control-Request-Method') !== undefined) {
      const headers = granted.length > 0 ? [...granted, ...preflight] : []
      return c.body(null, 204, { ...Object.fromEntries(headers), Vary: 'Origin' })
    }
    await next()
    if (granted.length > 0) setHeaders(c, [...granted, exposing])
    addVary(c, ['Origin'])
  }
}

type Header = readonly [name: string, value: string]

/** Returns the headers that allow an origin to read a response; an empty list for an origin that is not allowed. */
function createPermit(origins: readonly string[]): (origin: string | undefined) => readonly Header[] {
  if (origins.length === 0) throw new TypeError('cors() needs at least one origin')
  for (const origin of origins)
    if (!isOriginPattern(origin))
      throw new TypeError(
        'cors() needs origins as a browser sends them, such as https://app.example.com, http://localhost:5173 or ' +
          `https://*.example.com (got "${origin}")`,
      )
  const wildcards = origins.flatMap((origin) => partsOfWildcard(origin) ?? [])
  const exact = new Set(origins.filter((origin) => partsOfWildcard(origin) === undefined))
  const matches = (origin: string) =>
    wildcards.some(
      ({ before, after }) =>
        origin.startsWith(before) && origin.endsWith(after) && isLabel(origin.slice(before.length, -after.length)),
    )
  return (origin) => {
    if (origin === undefined || !(exact.has(origin) || matches(origin))) return []
    const header = ['Access-Control-Allow-Origin', origin] as const
    // A wildcard can match the page of a tenant, which must not act with the cookies of its visitor in another tenant.
    return exact.has(origin) ? [header, ['Access-Control-Allow-Credentials', 'true']] : [header]
  }
}

function listed(names: readonly string[]): string {
  const wrong = names.find((name) => !isHeaderName(name))
  if (wrong !== undefined) throw new TypeError(`cors() needs the names of headers (got "${wrong}")`)
  return names.join(', ')
}
