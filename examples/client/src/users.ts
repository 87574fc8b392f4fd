import type { InferRequestType } from 'hono/client'
import type { Client } from './client.ts'
import { ServiceError } from './service-error.ts'

/** What {@link createUser} takes. */
export type NewUser = InferRequestType<Client['users']['$post']>['json']

/**
 * Creates a user.
 *
 * @returns the user, or what a form shows at its fields: a used email is a problem of `email`
 * @throws ServiceError
 */
export async function createUser(client: Client, user: NewUser) {
  const response = await client.users.$post({ json: user })
  const body = await response.json()
  if (body.success) return { user: body.data }
  const { error } = body
  switch (error.code) {
    case 'VALIDATION_FAILED':
    case 'CONFLICT':
      return { problems: error.details ?? [] }
    default:
      throw new ServiceError(error)
  }
}
