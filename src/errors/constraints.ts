/**
 * The path and the message for the client when a request violates a named constraint.
 *
 * @example
 * const constraints: Constraints = {
 *   users_tenant_id_email_key: { path: 'email', message: 'A user with this email exists already' },
 * }
 */
export type Constraints = Record<string, { path: string; message: string }>
