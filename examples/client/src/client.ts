import { hc } from 'hono/client'
// A type alone: no code of the service gets into the bundle of the front end.
import type { AppType } from '../../../src/service/app.ts'

/** A client of the service that knows its routes, its bodies and its failures. */
export type Client = ReturnType<typeof hc<AppType>>

export interface ClientOptions {
  /** Where the service is, such as `http://localhost:3000`. */
  baseUrl: string
  /** Sent as `X-Tenant-Id`, for a service with `AUTH=unverified`. @default not sent */
  tenantId?: string
  /** Sent as a bearer token, for a service with `AUTH=jwt`, which finds the tenant in the token. @default not sent */
  token?: string
}

/**
 * Creates a client that sends the tenant or the token with each request.
 *
 * @example
 * const client = createClient({ baseUrl: 'http://localhost:3000', tenantId: '550e8400-e29b-41d4-a716-446655440000' })
 */
export function createClient({ baseUrl, tenantId, token }: ClientOptions): Client {
  return hc<AppType>(baseUrl, {
    headers: {
      ...(tenantId === undefined ? {} : { 'X-Tenant-Id': tenantId }),
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    },
  })
}
