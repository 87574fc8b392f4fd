/** What a person reads about the failures that calls do not handle by themselves. */
const sentences = {
  BAD_REQUEST: 'The service does not understand this request',
  VALIDATION_FAILED: 'The service does not accept these values',
  UNAUTHORIZED: 'Sign in again',
  FORBIDDEN: 'You may not do this',
  REQUEST_TIMEOUT: 'The connection is too slow, try again',
  PRECONDITION_FAILED: 'This is no longer as you saw it, load it again',
  CONFLICT: 'This changed at the same time, load it again',
  IDEMPOTENCY_KEY_REUSED: 'Another request has this key',
  PAYLOAD_TOO_LARGE: 'This is too large',
  UNSUPPORTED_MEDIA_TYPE: 'The service does not understand this request',
  TOO_MANY_REQUESTS: 'Too many requests, wait a moment',
  INTERNAL_SERVER_ERROR: 'The service has a problem',
  SERVICE_UNAVAILABLE: 'The service is busy, try again',
} as const

/** A failure with a sentence. */
export interface KnownFailure {
  code: keyof typeof sentences
  message: string
}

/**
 * A failure that a call does not handle by itself. Each call must pass it what is left after its own cases, so a code that has
 * neither a case nor a sentence does not compile.
 */
export class ServiceError extends Error {
  override readonly name = 'ServiceError'
  readonly code: KnownFailure['code']

  constructor({ code, message }: KnownFailure) {
    // A newer service may send a code that this front end was not compiled with.
    super(Object.hasOwn(sentences, code) ? sentences[code] : message)
    this.code = code
  }
}
