import { z } from 'zod'
import type { TestClient } from './client.ts'

const Operation = z.looseObject({
  operationId: z.string(),
  parameters: z.array(z.looseObject({ $ref: z.string().optional(), in: z.string().optional() })).default([]),
  requestBody: z
    .looseObject({ content: z.object({ 'application/json': z.object({ schema: z.unknown() }) }) })
    .optional(),
  responses: z.record(z.string(), z.unknown()),
})
export type Operation = z.infer<typeof Operation>

/** Operations by path and method, as an OpenAPI document has them. */
export type Paths = Record<string, Record<string, Operation>>

const Document = z.object({ paths: z.record(z.string(), z.record(z.string(), Operation)) })

export const pathsOf = (document: unknown): Paths => Document.parse(document).paths

/** For each field that references another resource: creates one as the client's tenant and returns its id. */
export type Fixtures = Record<string, (client: TestClient) => Promise<string>>

export const needsTenant = ({ parameters }: Operation): boolean =>
  parameters.some(({ $ref }) => $ref === '#/components/parameters/Tenant')

export const hasBody = ({ requestBody }: Operation): boolean => requestBody !== undefined

/** The declared status of success. */
export const successOf = ({ responses }: Operation): number =>
  Number(Object.keys(responses).find((status) => status.startsWith('2')))

const Schema = z.looseObject({
  $ref: z.string().optional(),
  example: z.unknown().optional(),
  properties: z.record(z.string(), z.looseObject({ example: z.unknown().optional() })).default({}),
})

/** The example of an operation's body: its own, or the examples of its fields. */
export function exampleOf(document: unknown, operation: Operation): Record<string, unknown> {
  const root = z.object({ components: z.object({ schemas: z.record(z.string(), z.unknown()) }) }).parse(document)
  const content = operation.requestBody?.content['application/json'].schema ?? {}
  const { $ref } = Schema.parse(content)
  const schema = Schema.parse($ref ? root.components.schemas[$ref.replace('#/components/schemas/', '')] : content)
  const fields = Object.entries(schema.properties).flatMap(([name, { example }]) =>
    example === undefined ? [] : [[name, example]],
  )
  return z.record(z.string(), z.unknown()).parse(schema.example ?? Object.fromEntries(fields))
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
