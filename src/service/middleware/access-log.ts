import type { Context, MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { TenantEnv } from '../../context/index.ts'
import type { RequestIdEnv } from '../../envelope/index.ts'
import type { ErrorEnv } from '../../errors/index.ts'
import { forwardedAddress } from '../../http/index.ts'
import type { ServiceLog } from '../service-log.ts'
import type { DeadlineEnv } from './request-deadline.ts'

/** A route sets `isProbe` when it gave a load balancer the expected answer: such a line is logged at level debug. */
export type ProbeEnv = { Variables: { isProbe?: true } }

/** What the runtime passes with a request: the address of the other end of the socket. */
export type Bindings = { remoteAddress?: string | undefined }

type LogEnv = {
  Bindings: Bindings
  Variables: Partial<
    RequestIdEnv['Variables'] &
      ErrorEnv['Variables'] &
      ProbeEnv['Variables'] &
      Pick<TenantEnv['Variables'], 'tenantId' | 'identity' | 'refusal'> &
      Pick<DeadlineEnv['Variables'], 'aborted'>
  >
}

/**
 * Logs one line for each request: ids, codes, the route's pattern and the duration in milliseconds, never a value that the
 * client sent. A 5xx is logged as an error with its place in the code, a probe at level debug. A client that hung up gets no answer: its line has
 * `"aborted": true` and status 499, as nginx logs it.
 * The client's address is the one that the proxies of `behindProxies` say, else the other end of the socket.
 */
export function accessLog({ log }: { log: ServiceLog }): MiddlewareHandler<LogEnv> {
  return async function accessLog(c, next) {
    const start = performance.now()
    await next()
    const aborted = c.get('aborted')
    const status = aborted ? 499 : c.res.status
    const report = aborted ? undefined : c.get('errorReport')
    const refusal = c.get('refusal')
    const fields = {
      requestId: c.get('requestId'),
      tenant: c.get('tenantId'),
      actor: c.get('identity')?.actor,
      method: c.req.method,
      route: routeOf(c),
      status,
      ...(aborted ? { aborted } : {}),
      ms: Math.round((performance.now() - start) * 10) / 10,
      client: forwardedAddress(c) ?? c.env?.remoteAddress, // app.request() in tests gives no bindings
      ...(report ? { errorCode: report.code } : {}),
      ...(refusal === undefined ? {} : { refusal }),
      ...(report && status >= 500 ? { error: report } : {}),
    }
    if (c.get('isProbe')) log.debug(fields, 'request')
    else if (status >= 500) log.error(fields, 'request')
    else log.info(fields, 'request')
  }
}

/** The pattern of the route: the path itself can hold values. */
function routeOf(c: Context): string | undefined {
  const route = routePath(c, -1)
  return route === '*' || route === '/*' ? undefined : route
}
