import type { Context } from 'hono'
import { isHost } from '../text/index.ts'
import { readAddress, readForwarded, readPrefix } from './proxies.ts'

// Not `new URL`: the client chooses the host, and Bun passes on hosts that URL rejects.
const parts = /^([^:]+):\/\/([^/?#]*)([^?#]*)(\??[^#]*)/

/**
 * The host that the client called, with its port: what the proxies of {@link behindProxies} say, else the header Host, else the host of
 * the URL. A client chooses it: it proves nothing.
 *
 * @example
 * if (publicHost(c) === 'status.example.com') return c.redirect('/health')
 */
export function publicHost(c: Context): string {
  const forwarded = readForwarded(c, 'host')
  if (forwarded !== undefined && isHost(forwarded)) return forwarded
  return c.req.header('Host') ?? parts.exec(c.req.url)?.[2] ?? ''
}

/**
 * The path of a route as a client calls it, with the prefix that the proxies of {@link behindProxies} remove. For links in bodies: a
 * `Location` gets the prefix by itself.
 *
 * @param path the path of a route of this app
 * @example
 * return ok(c, { invoice: publicPath(c, `/invoices/${id}`) })
 */
export const publicPath = (c: Context, path: string): string => readPrefix(c) + path

/**
 * The URL of this request as the client called it: its protocol, host and prefix are those that the proxies of {@link behindProxies} say.
 * Compare it as a text: a client can send a host for which `new URL` throws.
 *
 * @example
 * app.use(csrf({ origin: (origin, c) => publicUrl(c).startsWith(`${origin}/`) }))
 */
export function publicUrl(c: Context): string {
  const [, scheme = 'http', , path = '/', search = ''] = parts.exec(c.req.url) ?? []
  const forwarded = readForwarded(c, 'proto')?.toLowerCase()
  const proto = forwarded === 'https' || forwarded === 'http' ? forwarded : scheme
  return `${proto}://${publicHost(c)}${publicPath(c, path)}${search}`
}

/**
 * The address of the client as the proxies of {@link behindProxies} saw it; undefined without a proxy, and for what is no address.
 *
 * @example
 * log.info({ client: forwardedAddress(c) })
 */
export function forwardedAddress(c: Context): string | undefined {
  const address = readAddress(c)
  return address !== undefined && /^[0-9A-Fa-f:.]{2,45}$/.test(address) ? address : undefined
}
