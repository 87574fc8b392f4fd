import { z } from 'zod'

/** The parts of a value's schema that the properties use to generate values. */
const Schema = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  format: z.string().optional(),
  pattern: z.string().optional(),
  example: z.unknown().optional(),
  examples: z.array(z.unknown()).optional(),
  enum: z.array(z.unknown()).optional(),
})
export type Schema = z.infer<typeof Schema>

/** One operation of the OpenAPI document. */
export interface Operation {
  operationId: string
  method: string
  path: string
  /** The path of the collection that `{id}` belongs to; the operation's own path without `{id}`. */
  collection: string
  /** Whether it needs a tenant. */
  needsTenant: boolean
  query: Record<string, Schema>
  /** The names of its headers. */
  headers: string[]
  /** The fields of its body; undefined without a body. */
  body: Record<string, { schema: Schema; required: boolean }> | undefined
}

const Parameter = z.looseObject({ $ref: z.string().optional(), in: z.string().optional(), name: z.string().optional() })
const Ref = z.object({ $ref: z.string().regex(/^#\/components\/schemas\//) })
const Declared = z.looseObject({
  operationId: z.string(),
  parameters: z.array(Parameter).default([]),
  'x-permission': z.string().optional(),
  requestBody: z.looseObject({ content: z.strictObject({ 'application/json': z.object({ schema: Ref }) }) }).optional(),
})
const BodySchema = z.looseObject({
  properties: z.record(z.string(), Schema),
  required: z.array(z.string()).default([]),
})
const Document = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), Declared)),
  components: z.looseObject({
    schemas: z.record(z.string(), z.unknown()),
    parameters: z.record(z.string(), Parameter).default({}),
  }),
})

/** A schema, or the one that it refers to by its name. */
const named = (schema: Schema, schemas: Record<string, unknown>): Schema =>
  typeof schema.$ref === 'string' ? Schema.parse(schemas[schema.$ref.split('/').at(-1) ?? '']) : schema

/**
 * Returns every operation of the OpenAPI document.
 *
 * @throws TypeError for a parameter that the properties do not support: add it here
 */
export function operationsOf(document: unknown): Operation[] {
  const { paths, components } = Document.parse(document)
  return Object.entries(paths).flatMap(([given, declared]) =>
    Object.entries(declared).map(([verb, { operationId, parameters, requestBody, 'x-permission': permission }]) => {
      const path = given.replace('{requestId}', '{id}')
      const query: Operation['query'] = {}
      const headers: string[] = []
      for (const declared of parameters) {
        const parameter = declared.$ref ? components.parameters[declared.$ref.split('/').at(-1) ?? ''] : declared
        if (parameter?.in === 'header' && parameter.name) headers.push(parameter.name)
        else if (parameter?.in === 'query' && parameter.name) query[parameter.name] = Schema.parse(parameter.schema)
        else if (parameter?.in !== 'path' || !['id', 'requestId'].includes(parameter.name ?? ''))
          throw new TypeError(`${operationId}: the properties do not support the parameter ${JSON.stringify(declared)}`)
      }
      const name = requestBody?.content['application/json'].schema.$ref.split('/').at(-1)
      const { properties, required } = BodySchema.parse(name ? components.schemas[name] : { properties: {} })
      const fields = Object.entries(properties).map(([field, schema]) => [
        field,
        { schema: named(schema, components.schemas), required: required.includes(field) },
      ])
      return {
        operationId,
        method: verb.toUpperCase(),
        path,
        collection: path.split('/{id}')[0] ?? path,
        needsTenant: permission !== undefined,
        query,
        headers,
        body: name ? Object.fromEntries(fields) : undefined,
      }
    }),
  )
}

/** Returns the collection that a field refers to, by its name: `/users` for `userId`. */
export function referredBy(field: string, operations: Operation[]): string {
  // Without the last letter: the plural of category is categories.
  const stem = `/${field.replace(/Id$/, '').slice(0, -1)}`
  const found = operations.find(({ collection }) => collection.startsWith(stem))
  if (!found) throw new TypeError(`The properties find no collection for the field ${field}`)
  return found.collection
}

/** Returns the operations that create rows, in the order of their references. */
export function creationsOf(operations: Operation[]): Operation[] {
  const creations = operations.filter(
    ({ method, path, needsTenant }) => needsTenant && method === 'POST' && !path.includes('{'),
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
