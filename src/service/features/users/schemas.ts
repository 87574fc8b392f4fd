import { z } from '@hono/zod-openapi'
import { changeFields } from '../../../audit/index.ts'
import { email, id, text } from '../../../openapi/index.ts'
import { deletionFields } from '../../../trash/index.ts'

const example = { email: 'grace@acme.example', name: 'Grace Hopper' }

const fields = {
  email: email().openapi({ example: example.email }),
  name: text({ min: 1, max: 200, trim: true }).openapi({ example: example.name }),
}

export const CreateUser = z.strictObject(fields).openapi('CreateUser', { example })
export type CreateUser = z.infer<typeof CreateUser>

export const UpdateUser = CreateUser.partial()
  .refine((body) => Object.keys(body).length > 0, 'Give at least one of email, name')
  .openapi('UpdateUser', { minProperties: 1, example: { name: 'Rear Admiral Grace Hopper' } })
export type UpdateUser = z.infer<typeof UpdateUser>

export const User = z
  .object({ id: id(), ...fields, createdAt: z.iso.datetime(), updatedAt: z.iso.datetime() })
  .openapi('User')

/** A user of a list: a deleted one says when it was deleted, and by whom. */
export const ListedUser = z.object({ ...User.shape, ...deletionFields }).openapi('ListedUser')
export type User = z.infer<typeof User>

export const UserChange = z
  .object({
    ...changeFields,
    user: z.union([User, z.null()]).openapi({ description: 'As it is now; null when it is not there' }),
  })
  .openapi('UserChange')
