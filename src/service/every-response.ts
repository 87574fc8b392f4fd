import type { Env, Hono, Schema } from 'hono'
import { type Envelope, requestId } from '../envelope/index.ts'
import { behindProxies, cors } from '../http/index.ts'
import { accessLog } from './middleware/access-log.ts'
import { chain } from './middleware/chain.ts'
import { responseHeaders } from './middleware/response-headers.ts'
import type { ServiceLog } from './service-log.ts'

export interface EveryResponseOptions {
  log: ServiceLog
  envelope: Pick<Envelope, 'middleware'>
  /** The header that names the tenant, which pages of other origins may send; undefined where none does. */
  tenantHeader: string | undefined
  /** The value of Strict-Transport-Security; undefined for none. */
  hsts: string | undefined
  /** How many proxies stand in front of the service. */
  trustProxy: number
  /** The prefix that a proxy removes. @default what the proxies say in `X-Forwarded-Prefix` */
  basePath?: string | undefined
  /** The origins whose pages may call the service. @default none */
  corsOrigins?: readonly string[] | undefined
}

/** Adds to an app what concerns every response, a refusal too: its form, its headers and its line in the log. */
export function forEveryResponse<E extends Env, S extends Schema, P extends string>(
  app: Hono<E, S, P>,
  options: EveryResponseOptions,
): void {
  const { log, envelope, tenantHeader, hsts, trustProxy: count, basePath, corsOrigins = [] } = options
  app.use(envelope.middleware)
  if (count > 0 || basePath !== undefined) app.use(behindProxies({ count, basePath }))
  app.use(chain(requestId(), accessLog({ log })))
  app.use(responseHeaders({ hsts }))
  // A preflight has no credentials, and a page can read only the failures that have the headers.
  if (corsOrigins.length > 0) app.use(cors({ origins: corsOrigins, tenantHeader }))
}
