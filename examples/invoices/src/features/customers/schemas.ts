import { z } from '@hono/zod-openapi'
import { email, id, text } from 'rowhouse'
import { deletionFields } from 'rowhouse/trash'

const Address = z
  .strictObject({
    street: text({ min: 1, max: 200, trim: true }),
    city: text({ min: 1, max: 200, trim: true }),
    country: text({ min: 2, max: 2 }),
  })
  .openapi('Address')

const fields = {
  name: text({ min: 1, max: 200, trim: true }).openapi({ example: 'Acme Ltd' }),
  email: email().openapi({ example: 'billing@acme.example' }),
  copyTo: z
    .array(email())
    .max(10)
    .openapi({ example: ['ceo@acme.example'] }),
  address: Address.openapi({ example: { street: '1 High Street', city: 'Vienna', country: 'AT' } }),
}

export const CreateCustomer = z.strictObject({ ...fields, copyTo: fields.copyTo.default([]) }).openapi('CreateCustomer')
export type CreateCustomer = z.infer<typeof CreateCustomer>

export const UpdateCustomer = z
  .strictObject(fields)
  .partial()
  .refine((body) => Object.keys(body).length > 0, 'Give at least one field')
  .openapi('UpdateCustomer', { minProperties: 1, example: { name: 'Acme GmbH' } })
export type UpdateCustomer = z.infer<typeof UpdateCustomer>

export const Customer = z
  .object({ id: id(), ...fields, createdAt: z.iso.datetime(), updatedAt: z.iso.datetime() })
  .openapi('Customer')

/** A customer of a list: a deleted one says when it was deleted, and by whom. */
export const ListedCustomer = z.object({ ...Customer.shape, ...deletionFields }).openapi('ListedCustomer')

export const ImportCustomers = z
  .strictObject({ customers: z.array(CreateCustomer).min(1).max(100) })
  .openapi('ImportCustomers', {
    example: {
      customers: [
        {
          name: 'Globex Ltd',
          email: 'pay@globex.example',
          copyTo: [],
          address: { street: '2 Low Street', city: 'Graz', country: 'AT' },
        },
      ],
    },
  })

export const ImportResult = z
  .object({
    imported: z.array(id()),
    rejected: z.array(z.object({ index: z.number().int(), message: z.string() })),
  })
  .openapi('ImportResult')
