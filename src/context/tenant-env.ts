import type { Identity } from './authentication.ts'
import type { TenantId } from './tenant-id.ts'

/** What the middleware `tenant` leaves in the context, and what it takes from there when it is set. */
export type TenantEnv = {
  Variables: {
    tenantId: TenantId
    /** What was verified of the caller, where anything was. */
    identity?: Identity
    /** Why the tenant of a request was refused, for the log. */
    refusal?: string
    requestId?: string
    signal?: AbortSignal
  }
}
