/**
 * A problem that the operator mends: the message says what is wrong, where, and what to do. It holds no secret, and is printed
 * without a stack.
 */
export class OperatorError extends Error {
  override readonly name: string = 'OperatorError'
}

/** The configuration is wrong: every problem, in one message. */
export class ConfigError extends OperatorError {
  override readonly name = 'ConfigError'
}
