/**
 * A problem that the operator fixes. The message says what is wrong, where, and what to do, and contains no secret. It is
 * printed without a stack.
 */
export class OperatorError extends Error {
  override readonly name: string = 'OperatorError'
}

/** An invalid configuration. The message lists every problem. */
export class ConfigError extends OperatorError {
  override readonly name = 'ConfigError'
}
