import type { Context, MiddlewareHandler } from 'hono'

// The presets of hono/secure-headers, which evaluates its options for each response and sends JSON the headers of pages too.
const security = Object.entries({
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'SAMEORIGIN',
  // Only the documentation is a page; it sets a policy of its own.
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
})
const pageSecurity = Object.entries({
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Origin-Agent-Cluster': '?1',
  'X-DNS-Prefetch-Control': 'off',
  'X-Download-Options': 'noopen',
  'X-Permitted-Cross-Domain-Policies': 'none',
  'X-XSS-Protection': '0',
})

/**
 * Adds the security headers that the handler has not set to every response, `Content-Length` to the answer to HEAD, and
 * `Connection: close` where a long body stays unread.
 *
 * @param options `hsts`: the value of Strict-Transport-Security (RFC 6797), undefined for none
 */
export function responseHeaders({ hsts }: { hsts: string | undefined }): MiddlewareHandler {
  const all = [...security, ...(hsts === undefined ? [] : [['Strict-Transport-Security', hsts] as const])]
  return async function responseHeaders(c, next) {
    const request = c.req.raw // c.req.raw may be replaced
    await next()
    if (c.req.method === 'HEAD') await setLength(c)
    const { headers } = c.res
    const isPage = headers.get('Content-Type')?.startsWith('text/html')
    for (const [name, value] of isPage ? [...all, ...pageSecurity] : all)
      if (!headers.has(name)) headers.set(name, value)
    if (hasLongBody(c) && !request.bodyUsed) headers.set('Connection', 'close')
  }
}

/** The runtime reads and drops an unread body before the next request. A body that is longer, or has no length, is not worth it. */
const hasLongBody = (c: Context): boolean =>
  c.req.header('Transfer-Encoding') !== undefined || Number(c.req.header('Content-Length') ?? 0) > droppedBytes
const droppedBytes = 131_072

/** Sets the length that GET would have (RFC 9110, section 8.6): Bun alone would send 0. */
async function setLength(c: Context): Promise<void> {
  if (c.res.body) c.header('Content-Length', String((await c.res.arrayBuffer()).byteLength))
}
