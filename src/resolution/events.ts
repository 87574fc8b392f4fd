import type { AuthenticationFailureReason, TenantId } from '../context/index.ts'

interface OfRequest {
  readonly requestId?: string | undefined
}

/** A request's tenant is known, and the caller may act for it. */
export interface TenantResolved extends OfRequest {
  readonly type: 'tenant-resolved'
  readonly tenantId: TenantId
  readonly actor?: string | undefined
  /** The extractor's label. */
  readonly from: string
}

/** A request named no tenant, or none that is served. */
export interface TenantNotFound extends OfRequest {
  readonly type: 'tenant-not-found'
  readonly reason: 'absent' | 'malformed' | 'unknown' | 'suspended'
  readonly from: string
}

/** A caller was not believed, or not for this tenant. */
export interface AuthenticationFailed extends OfRequest {
  readonly type: 'authentication-failed'
  readonly reason: AuthenticationFailureReason
  /** Who it was, where that was verified. */
  readonly actor?: string | undefined
}

/** Who hears of it. A listener decides nothing: nobody waits for it, and what it throws breaks no request. */
export interface TenancyListeners {
  onTenantResolved?(event: TenantResolved): unknown
  onTenantNotFound?(event: TenantNotFound): unknown
  onAuthenticationFailed?(event: AuthenticationFailed): unknown
  /** Hears what another listener threw or rejected with. */
  onListenerError?(error: unknown): unknown
}

type Event = TenantResolved | TenantNotFound | AuthenticationFailed

/** Tells the listener of an event. */
export function notify(listeners: TenancyListeners, event: Event): void {
  // Of what the last one throws there is nobody left to tell.
  const failed = (error: unknown) => attempt(() => listeners.onListenerError?.(error), ignore)
  attempt(() => hear(listeners, event), failed)
}

const ignore = () => {}

function attempt(listen: () => unknown, onError: (error: unknown) => void): void {
  try {
    const heard = listen()
    if (heard instanceof Promise) heard.catch(onError)
  } catch (error) {
    onError(error)
  }
}

function hear(listeners: TenancyListeners, event: Event): unknown {
  if (event.type === 'tenant-resolved') return listeners.onTenantResolved?.(event)
  if (event.type === 'tenant-not-found') return listeners.onTenantNotFound?.(event)
  return listeners.onAuthenticationFailed?.(event)
}
