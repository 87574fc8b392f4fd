import { z } from 'zod'

/** A value's schema, as far as the properties know how to make such a value. */
const Schema = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  format: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
})
export type Schema = z.infer<typeof Schema>

/** One operation of the OpenAPI document. */
export interface Operation {
  operationId: string
  method: string
  path: string
  /** The path of what `{id}` is one of; of the operation itself where it has no `{id}`. */
  collection: string
  ofTenants: boolean
  query: Record<string, Schema>
  /** The fields of its body; undefined where it has none. */
  body: Record<string, { schema: Schema; required: boolean }> | undefined
}

const Parameter = z.looseObject({ $ref: z.string().optional(), in: z.string().optional(), name: z.string().optional() })
const Ref = z.object({ $ref: z.string().regex(/^#\/components\/schemas\//) })
const Declared = z.looseObject({
  operationId: z.string(),
  parameters: z.array(Parameter).default([]),
  requestBody: z.looseObject({ content: z.strictObject({ 'application/json': z.object({ schema: Ref }) }) }).optional(),
})
const BodySchema = z.looseObject({
  properties: z.record(z.string(), Schema),
  required: z.array(z.string()).default([]),
})
const Document = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), Declared)),
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }),
})

/**
 * Every operation of the OpenAPI document.
 *
 * @throws an Error at one that has something that the properties cannot ask for: teach it to them here
 */
export function operationsOf(document: unknown): Operation[] {
  const { paths, components } = Document.parse(document)
  return Object.entries(paths).flatMap(([path, declared]) =>
    Object.entries(declared).map(([verb, { operationId, parameters, requestBody }]) => {
      const query: Operation['query'] = {}
      let ofTenants = false
      for (const { $ref, ...parameter } of parameters) {
        if ($ref === '#/components/parameters/Tenant') ofTenants = true
        else if ($ref === '#/components/parameters/Bookmark')
          continue // without a replica nobody reads it
        else if (parameter.in === 'query' && parameter.name) query[parameter.name] = Schema.parse(parameter.schema)
        else if (parameter.in !== 'path' || parameter.name !== 'id')
          throw new TypeError(`${operationId}: the properties do not know the parameter ${JSON.stringify(parameter)}`)
      }
      const name = requestBody?.content['application/json'].schema.$ref.split('/').at(-1)
      const { properties, required } = BodySchema.parse(name ? components.schemas[name] : { properties: {} })
      const fields = Object.entries(properties).map(([field, schema]) => [
        field,
        { schema, required: required.includes(field) },
      ])
      return {
        operationId,
        method: verb.toUpperCase(),
        path,
        collection: path.split('/{id}')[0] ?? path,
        ofTenants,
        query,
        body: name ? Object.fromEntries(fields) : undefined,
      }
    }),
  )
}

/** The collection that a field refers to, by its name: `userId` one of `/users`. */
export function referredBy(field: string, operations: Operation[]): string {
  // Without the last letter, since a category is one of `/categories`.
  const stem = `/${field.replace(/Id$/, '').slice(0, -1)}`
  const found = operations.find(({ collection }) => collection.startsWith(stem))
  if (!found) throw new TypeError(`The properties do not know what ${field} refers to`)
  return found.collection
}

/** The operations that create, what is referred to before what refers to it. */
export function creationsOf(operations: Operation[]): Operation[] {
  const creations = operations.filter(
    ({ method, path, ofTenants }) => ofTenants && method === 'POST' && !path.includes('{'),
  )
  const rankOf = ({ collection, body = {} }: Operation): number => {
    const referred = Object.entries(body).flatMap(([name, { schema }]) =>
      schema.format === 'uuid' ? [referredBy(name, operations)] : [],
    )
    const before = creations.filter((other) => other.collection !== collection && referred.includes(other.collection))
    return 1 + Math.max(0, ...before.map(rankOf))
  }
  return creations.toSorted((one, other) => rankOf(one) - rankOf(other))
}
