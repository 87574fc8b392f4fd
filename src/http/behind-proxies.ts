import type { MiddlewareHandler } from 'hono'
import { assertWholeNumber, isBasePath } from '../text/index.ts'
import { hasProxies, type Proxies, readPrefix, setProxies } from './proxies.ts'
import { addVary, setHeaders } from './set-headers.ts'

export interface ProxiesOptions {
  /**
   * How many proxies of yours stand in front of the app. From one on, `X-Forwarded-Host`, `-Proto`, `-Prefix`, `-For` and `Forwarded`
   * (RFC 7239) count: the outermost proxy has to overwrite or remove what a client sends in them.
   */
  count: number
  /**
   * The prefix that a proxy removes from the path, such as `/api`.
   *
   * @default what the proxies say in `X-Forwarded-Prefix`
   */
  basePath?: string | undefined
}

/**
 * Lets an app behind proxies see what its client called: `subdomain()`, `domain()`, the links of `pagination()` and the page of `docs()`
 * use it, and so do `publicUrl`, `publicPath` and `forwardedAddress` in a handler. A `Location` that is a path gets the prefix unless
 * it begins with it. What a response depends on is in its `Vary`. Use it before everything else; in an app within another one that uses it,
 * it does nothing.
 *
 * @throws TypeError when `count` is not a whole number, or `basePath` is malformed
 * @example
 * app.use(behindProxies({ count: 1 }))
 */
export function behindProxies({ count, basePath = '' }: ProxiesOptions): MiddlewareHandler {
  assertWholeNumber('count', count, 0)
  if (basePath !== '' && !isBasePath(basePath))
    throw new TypeError(`basePath must be a path such as /api, without a slash at its end (got "${basePath}")`)

  return async function behindProxies(c, next) {
    if (hasProxies(c)) return await next()
    const proxies: Proxies = { count, basePath, read: new Set() }
    setProxies(c, proxies)
    await next()
    const location = c.res.headers.get('Location')
    if (location !== null && isPath.test(location)) setHeaders(c, [['Location', withPrefix(readPrefix(c), location)]])
    if (proxies.read.size > 0) addVary(c, [...proxies.read])
  }
}

const isPath = /^\/(?![/\\])/

/** A path that `publicPath` made has the prefix already. */
const withPrefix = (prefix: string, path: string): string =>
  path.startsWith(prefix) && /^(?:[/?#]|$)/.test(path.slice(prefix.length)) ? path : prefix + path
