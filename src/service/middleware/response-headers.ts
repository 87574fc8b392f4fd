import type { Context, MiddlewareHandler } from 'hono'

// The presets of hono/secure-headers, which evaluates its options for each response and sends JSON the headers of pages too.
const security = Object.entries({
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'Strict-Transport-Security': 'max-age=15552000; includeSubDomains',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'SAMEORIGIN',
})
const pageSecurity = Object.entries({
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Origin-Agent-Cluster': '?1',
  'X-DNS-Prefetch-Control': 'off',
  'X-Download-Options': 'noopen',
  'X-Permitted-Cross-Domain-Policies': 'none',
  'X-XSS-Protection': '0',
})

/** Only the documentation is a page; it sets a policy of its own. */
const contentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'"

/** Adds the security headers to every response, and `Content-Length` to the answer to HEAD. */
export const responseHeaders: MiddlewareHandler = async (c, next) => {
  await next()
  if (c.req.method === 'HEAD') await setLength(c)
  const { headers } = c.res
  for (const [name, value] of security) headers.set(name, value)
  if (headers.get('Content-Type')?.startsWith('text/html'))
    for (const [name, value] of pageSecurity) headers.set(name, value)
  if (!headers.has('Content-Security-Policy')) headers.set('Content-Security-Policy', contentSecurityPolicy)
}

/** Sets the length that GET would have (RFC 9110, section 8.6): Bun alone would send 0. */
async function setLength(c: Context): Promise<void> {
  if (c.res.body) c.header('Content-Length', String((await c.res.arrayBuffer()).byteLength))
}
