import type { Context, MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { TenantEnv } from '../../context/index.ts'
import type { RequestIdEnv } from '../../envelope/index.ts'
import type { ErrorEnv } from '../../errors/index.ts'

/** What is written to: pino's shape, so that another logger can stand in for it. */
export interface Logger {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** What an entry says of the connection that a request came over. */
export type Bindings = { remoteAddress?: string | undefined }

type LogEnv = {
  Bindings: Bindings
  Variables: Partial<
    RequestIdEnv['Variables'] &
      ErrorEnv['Variables'] &
      Pick<TenantEnv['Variables'], 'tenantId' | 'identity' | 'refusal'>
  >
}

/**
 * Writes one line a request: ids, codes, the route's pattern and the time it took in milliseconds; never a value that
 * the client sent. A 5xx is logged as an error, with where in the code it happened.
 *
 * @param options `trustProxy`: how many proxies of ours stand before the service, 0 for none
 */
export function accessLog(options: { log: Logger; trustProxy: number }): MiddlewareHandler<LogEnv> {
  const { log, trustProxy } = options
  return async function accessLog(c, next) {
    const start = performance.now()
    await next()
    const status = c.res.status
    const report = c.get('errorReport')
    const refusal = c.get('refusal')
    const fields = {
      requestId: c.get('requestId'),
      tenant: c.get('tenantId'),
      actor: c.get('identity')?.actor,
      method: c.req.method,
      route: routeOf(c),
      status,
      ms: Math.round((performance.now() - start) * 10) / 10,
      client: clientAddress(c, trustProxy),
      ...(report ? { errorCode: report.code } : {}),
      ...(refusal === undefined ? {} : { refusal }),
      ...(report && status >= 500 ? { error: report } : {}),
    }
    if (status >= 500) log.error(fields, 'request')
    else log.info(fields, 'request')
  }
}

/** The pattern of the route, not the path: a path can hold values. */
function routeOf(c: Context): string | undefined {
  const route = routePath(c, -1)
  return route === '*' || route === '/*' ? undefined : route
}

/**
 * The client's address. `X-Forwarded-For` is what anybody can send; only the entries that our own proxies appended, from
 * the right, are to be believed.
 */
function clientAddress(c: Context<LogEnv>, trustProxy: number): string | undefined {
  const socket = c.env?.remoteAddress // app.request() in tests gives no bindings
  if (trustProxy === 0) return socket
  const forwarded = (c.req.header('X-Forwarded-For') ?? '').split(',').map((entry) => entry.trim())
  const claimed = forwarded.at(-trustProxy)
  return claimed && /^[0-9A-Fa-f:.]{2,45}$/.test(claimed) ? claimed : socket
}
