import type { AuthenticationFailureReason, TenantId } from '../context/index.ts'
import { callListener } from '../errors/internal.ts'

interface RequestEvent {
  readonly requestId?: string | undefined
}

/** The tenant of a request was resolved, and the caller may act for it. */
export interface TenantResolved extends RequestEvent {
  readonly type: 'tenant-resolved'
  readonly tenantId: TenantId
  readonly actor?: string | undefined
  /** The extractor's label. */
  readonly from: string
}

/** A request names no tenant, or one that is not served. */
export interface TenantNotFound extends RequestEvent {
  readonly type: 'tenant-not-found'
  readonly reason: 'absent' | 'malformed' | 'unknown' | 'suspended'
  /** The extractor's label. */
  readonly from: string
}

/** The caller is not authenticated, or may not act for the tenant. */
export interface AuthenticationFailed extends RequestEvent {
  readonly type: 'authentication-failed'
  readonly reason: AuthenticationFailureReason
  /** The verified actor, if there is one. */
  readonly actor?: string | undefined
}

/** Listeners for the outcome of a request. The request neither waits for a listener nor fails when one throws. */
export interface TenantListeners {
  onTenantResolved?(event: TenantResolved): unknown
  onTenantNotFound?(event: TenantNotFound): unknown
  onAuthenticationFailed?(event: AuthenticationFailed): unknown
  /** Called with the error or rejection of another listener. */
  onListenerError?(error: unknown): unknown
}

type Event = TenantResolved | TenantNotFound | AuthenticationFailed

/** Calls the listener of an event. */
export function notify(listeners: TenantListeners, event: Event): void {
  callListener(
    () => tell(listeners, event),
    (error) => listeners.onListenerError?.(error),
  )
}

function tell(listeners: TenantListeners, event: Event): unknown {
  if (event.type === 'tenant-resolved') return listeners.onTenantResolved?.(event)
  if (event.type === 'tenant-not-found') return listeners.onTenantNotFound?.(event)
  return listeners.onAuthenticationFailed?.(event)
}
