import type { Context, MiddlewareHandler } from 'hono'

// The presets of hono/secure-headers, which asks its options about each header of each response, and gives an answer in JSON
// what concerns pages alone.
const security = Object.entries({
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'Strict-Transport-Security': 'max-age=15552000; includeSubDomains',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'SAMEORIGIN',
})
const securityOfPages = Object.entries({
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Origin-Agent-Cluster': '?1',
  'X-DNS-Prefetch-Control': 'off',
  'X-Download-Options': 'noopen',
  'X-Permitted-Cross-Domain-Policies': 'none',
  'X-XSS-Protection': '0',
})

/** Nothing that the service sends is a page, but for the documentation, which says what it needs. */
const contentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'"

/** What every response bears, whoever made it: the headers that tell browsers to be careful, and the length for HEAD. */
export const responseHeaders: MiddlewareHandler = async (c, next) => {
  await next()
  if (c.req.method === 'HEAD') await setLength(c)
  const { headers } = c.res
  for (const [name, value] of security) headers.set(name, value)
  if (headers.get('Content-Type')?.startsWith('text/html'))
    for (const [name, value] of securityOfPages) headers.set(name, value)
  if (!headers.has('Content-Security-Policy')) headers.set('Content-Security-Policy', contentSecurityPolicy)
}

/** Answers HEAD with the length that GET would have (RFC 9110, section 8.6); without it Bun would say 0. */
async function setLength(c: Context): Promise<void> {
  if (c.res.body) c.header('Content-Length', String((await c.res.arrayBuffer()).byteLength))
}
