import { z } from 'zod'
import type { TestClient } from './client.ts'

const Schema = z.looseObject({
  $ref: z.string().optional(),
  type: z.unknown().optional(),
  format: z.string().optional(),
  pattern: z.string().optional(),
  example: z.unknown().optional(),
  default: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).default({}),
  items: z.unknown().optional(),
  allOf: z.array(z.unknown()).default([]),
  anyOf: z.array(z.unknown()).default([]),
  oneOf: z.array(z.unknown()).default([]),
})
export type Schema = z.infer<typeof Schema>

const Parameter = z.looseObject({
  $ref: z.string().optional(),
  name: z.string().default(''),
  in: z.string().default(''),
  required: z.boolean().default(false),
  example: z.unknown().optional(),
  schema: Schema.optional(),
})
export type Parameter = z.infer<typeof Parameter>

const Operation = z.looseObject({
  operationId: z.string(),
  parameters: z.array(Parameter).default([]),
  requestBody: z.looseObject({ content: z.record(z.string(), z.looseObject({ schema: z.unknown() })) }).optional(),
  responses: z.record(z.string(), z.unknown()),
  'x-permission': z.string().optional(),
  'x-idempotent': z.union([z.literal(true), z.literal('required')]).optional(),
})
export type Operation = z.infer<typeof Operation>

/** Operations by path and method, as an OpenAPI document has them. */
export type Paths = Record<string, Record<string, Operation>>

const verbs = ['get', 'put', 'post', 'patch', 'delete', 'head', 'options', 'trace']
const PathItem = z.preprocess(
  (item) => Object.fromEntries(Object.entries(item ?? {}).filter(([verb]) => verbs.includes(verb))),
  z.record(z.string(), Operation),
)
const Document = z.looseObject({
  paths: z.record(z.string(), PathItem),
  components: z
    .looseObject({
      schemas: z.record(z.string(), z.unknown()).default({}),
      parameters: z.record(z.string(), Parameter).default({}),
    })
    .default({ schemas: {}, parameters: {} }),
})

export const pathsOf = (document: unknown): Paths => Document.parse(document).paths

/**
 * Creates a row as the client's tenant and returns its id: for each field that references another resource, each parameter of a path, and
 * each collection such as `/tasks`, by name.
 */
export type Fixtures = Record<string, (client: TestClient) => Promise<string>>

/** Whether an operation was declared with `tenantRoute`. */
export const needsTenant = (operation: Operation): boolean => operation['x-permission'] !== undefined

const json = 'application/json'

/** The media type of an operation's body, JSON if it may be that; undefined without a body. */
export function mediaTypeOf({ requestBody }: Operation): string | undefined {
  const types = Object.keys(requestBody?.content ?? {})
  return types.find((type) => type === json) ?? types[0]
}

export const hasJsonBody = (operation: Operation): boolean => mediaTypeOf(operation) === json

/** The declared status of success. */
export const successOf = ({ responses }: Operation): number =>
  Number(Object.keys(responses).find((status) => status.startsWith('2')))

/** The parameters of an operation in one place, such as `query`. */
export function parametersOf(document: unknown, { parameters }: Operation, place: string): Parameter[] {
  const { components } = Document.parse(document)
  const resolved = parameters.map(
    (one) => (one.$ref ? components.parameters[one.$ref.replace('#/components/parameters/', '')] : one) ?? one,
  )
  return resolved.filter((one) => one.in === place)
}

/** The example of a parameter: its own, its schema's, or a value that the schema lists; undefined without one. */
export const parameterExample = ({ example, schema }: Parameter): unknown =>
  example ?? schema?.example ?? schema?.default ?? schema?.enum?.[0]

/** The example of an operation's JSON body: its own, or the examples of its fields. */
export function exampleOf(document: unknown, operation: Operation): Record<string, unknown> {
  const { schemas } = Document.parse(document).components
  const content = operation.requestBody?.content[json]?.schema ?? {}
  return z.record(z.string(), z.unknown()).parse(exampleFor(content, schemas) ?? {})
}

const isObject = (value: unknown): value is object => typeof value === 'object' && !Array.isArray(value)

/** A schema may contain itself. */
const depthMax = 8

/** The example of a schema: its own, that of a part, or one made of the examples of its fields; undefined without any. */
function exampleFor(given: unknown, schemas: Record<string, unknown>, depth = 0): unknown {
  const { $ref, example, properties, items, allOf, anyOf, oneOf } = Schema.parse(given)
  if (example !== undefined || depth === depthMax) return example
  const of = (part: unknown) => exampleFor(part, schemas, depth + 1)
  const referred = $ref ? [schemas[$ref.replace('#/components/schemas/', '')] ?? {}] : []
  const ofPart = [...referred, ...anyOf, ...oneOf].map(of).find((found) => found !== undefined)
  if (ofPart !== undefined) return ofPart
  const fields = Object.entries(properties).map(([name, field]) => [name, of(field)] as const)
  const own = Object.fromEntries(fields.filter(([, found]) => found !== undefined))
  const parts = [...allOf.map(of), Object.keys(own).length > 0 ? own : undefined].filter((part) => part !== undefined)
  if (parts.length > 0) return parts.every(isObject) ? Object.assign({}, ...parts) : parts[0]
  const item = items === undefined ? undefined : of(items)
  return item === undefined ? undefined : [item]
}

/** An example whose references are ids of resources that exist. */
export async function withFixtures(
  example: Record<string, unknown>,
  fixtures: Fixtures,
  as: TestClient,
): Promise<Record<string, unknown>> {
  const fields = Object.entries(example).map(async ([name, value]) => [name, (await fixtures[name]?.(as)) ?? value])
  return Object.fromEntries(await Promise.all(fields))
}

/** The header of a route that requires a key: a new one. */
export const keyOf = (operation: Operation): Record<string, string> =>
  operation['x-idempotent'] === 'required' ? { 'Idempotency-Key': crypto.randomUUID() } : {}
