import type { Identity } from './authentication.ts'
import type { TenantId } from './tenant-id.ts'

/** The variables that the middleware `tenant` sets in Hono's context, and those that it reads: `requestId` and `signal`. */
export type TenantEnv = {
  Variables: {
    tenantId: TenantId
    /** The verified caller. */
    identity: Identity
    /** Why the tenant of a request was refused, for the log. */
    refusal?: string
    requestId?: string
    signal?: AbortSignal
  }
}
