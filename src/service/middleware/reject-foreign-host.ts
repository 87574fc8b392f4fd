import type { MiddlewareHandler } from 'hono'
import { ApiError } from '../../errors/index.ts'
import { publicHost } from '../../http/index.ts'
import { hostnameOf, isAddressOrLocalhost } from '../../text/index.ts'

/**
 * Rejects a request that reached this service by a name which is not its own, for a service that does not verify its callers. The
 * page of another site could otherwise let its own name point to this machine (DNS rebinding): to the browser the service would
 * then be that site, which may read and write everything. Accepted are addresses, `localhost`, names under it, `names`, and names
 * under those. A request without a Host comes from no browser. Behind proxies the name that the client called has to be the
 * service's own too.
 *
 * @throws ApiError FORBIDDEN
 * @example
 * app.use(rejectForeignHost(['app.example.com']))
 */
export function rejectForeignHost(names: readonly string[]): MiddlewareHandler {
  const own = names.map(hostnameOf)
  const isOwn = (name: string) =>
    isAddressOrLocalhost(name) || own.some((one) => name === one || name.endsWith(`.${one}`))
  return function rejectForeignHost(c, next) {
    const host = c.req.header('Host')
    if (host === undefined || [host, publicHost(c)].every((name) => isOwn(hostnameOf(name)))) return next()
    // The body stays unread: its bytes must not be taken for the next request.
    throw new ApiError('FORBIDDEN', message, { headers: { Connection: 'close' } })
  }
}

const message =
  'This service does not verify its callers, so its Host must be localhost, an address, HOST, or a name under TENANT_DOMAIN. ' +
  'Set AUTH to verify callers, or ALLOW_UNVERIFIED=true to accept every Host'
