import { z } from 'zod'
import type { Answer, TestClient, testClient } from './client.ts'
import { matchResponse } from './response-schema.ts'

/** One check of one operation: hand `name` and `run` to the `test` of any runner. */
export interface ContractCase {
  name: string
  run(): Promise<void>
}

export interface ContractOptions {
  client: ReturnType<typeof testClient>
  /** The OpenAPI document, as the service serves it. */
  document: string
  /** For each field that refers to another resource: makes one as the tenant of the client, and returns its id. */
  fixtures?: Record<string, (client: TestClient) => Promise<string>>
  /** Operations that are not to be walked, by operationId. */
  except?: string[]
}

const Operation = z.looseObject({
  operationId: z.string(),
  parameters: z.array(z.looseObject({ $ref: z.string().optional(), in: z.string().optional() })).default([]),
  requestBody: z
    .looseObject({ content: z.object({ 'application/json': z.object({ schema: z.unknown() }) }) })
    .optional(),
  responses: z.record(z.string(), z.unknown()),
})
type Operation = z.infer<typeof Operation>

const unknownId = () => crypto.randomUUID()

/**
 * Walks every operation of an OpenAPI document: no tenant, malformed tenant, another tenant's id against an id of nobody,
 * malformed id, malformed bodies, foreign references, and every answer against the schema declared for it, strictly. A
 * new route is covered as soon as it is in the document; what it creates is made from the document's own examples.
 *
 * @example
 * for (const { name, run } of contractCases({ client, document, fixtures })) test(name, run)
 */
export function contractCases({ client, document, fixtures = {}, except = [] }: ContractOptions): ContractCase[] {
  const parsed: unknown = JSON.parse(document)
  const { paths } = z.object({ paths: z.record(z.string(), z.record(z.string(), Operation)) }).parse(parsed)
  const cases: ContractCase[] = []

  for (const [path, operations] of Object.entries(paths)) {
    for (const [verb, operation] of Object.entries(operations)) {
      const { operationId } = operation
      if (except.includes(operationId)) continue
      const method = verb.toUpperCase()
      const check = (title: string, run: () => Promise<void>) => cases.push({ name: `${operationId}: ${title}`, run })
      const expectDeclared = (answer: Answer, status: number) => matchResponse(parsed, operation, answer, status)
      const send = (as: TestClient, to: string, body: unknown) =>
        as.send(method, to, hasBody(operation) ? jsonInit(body) : {})
      const exampleFor = async (as: TestClient) => withFixtures(exampleOf(parsed, operation), fixtures, as)
      const success = Number(Object.keys(operation.responses).find((status) => status.startsWith('2')))

      if (!isOfTenants(operation)) {
        check('answers without a tenant, whatever the tenant header says', async () => {
          expectDeclared(await send(client.anonymous, path, undefined), success)
          expectDeclared(await send(client.as('nonsense'), path, undefined), success)
        })
        continue
      }

      check('is refused without a tenant', async () => {
        expectDeclared(await send(client.anonymous, path.replace('{id}', unknownId()), {}), 403)
      })
      check('is refused with a malformed tenant', async () => {
        expectDeclared(await send(client.as('not-a-tenant'), path.replace('{id}', unknownId()), {}), 400)
      })
      check('answers as it is declared', async () => {
        const as = client.as(unknownId())
        // A list is asked for with something in it.
        const id = path.includes('{id}') || (method === 'GET' && operations.post) ? await created(as, path) : ''
        const to = path.replace('{id}', id)
        expectDeclared(await send(as, to, await exampleFor(as)), success)
      })
      if (path.includes('{id}')) {
        check("cannot tell another tenant's id from nobody's", async () => {
          const [a, b] = [client.as(unknownId()), client.as(unknownId())]
          const body = await exampleFor(b)
          const theirs = path.replace('{id}', await created(a, path))
          if (operations.get) await a.get(theirs) // so that whatever remembers answers has this one
          const foreign = await send(b, theirs, body)
          const absent = await send(b, path.replace('{id}', unknownId()), body)
          expectDeclared(absent, 404)
          assertEqual(traits(foreign), traits(absent), 'the answers differ')
        })
        check('refuses a malformed id and names it', async () => {
          const as = client.as(unknownId())
          const answer = await send(as, path.replace('{id}', 'not-an-id'), await exampleFor(as))
          expectDeclared(answer, 400)
          assertEqual(answer.error?.details?.[0]?.path, 'id', 'the wrong field is named')
        })
      }
      if (hasBody(operation)) {
        const to = path.replace('{id}', unknownId())
        const as = () => client.as(unknownId())
        const refuses = (title: string, status: number, init: RequestInit) =>
          check(`refuses ${title}`, async () => expectDeclared(await as().send(method, to, init), status))
        refuses('a body that is not JSON', 400, { ...jsonInit(undefined), body: '{' })
        refuses('a body of another media type', 415, { body: 'a=1', headers: { 'Content-Type': 'text/plain' } })
        refuses('an unknown field', 400, jsonInit({ ...exampleOf(parsed, operation), tenantId: unknownId() }))
        refuses('no body', 400, jsonInit(undefined))
        for (const field of Object.keys(exampleOf(parsed, operation)).filter((name) => name in fixtures)) {
          check(`cannot tell another tenant's ${field} from nobody's`, async () => {
            const [a, b] = [as(), as()]
            const body = await exampleFor(b)
            const foreign = await send(b, to, { ...body, [field]: await fixtures[field]?.(a) })
            const absent = await send(b, to, { ...body, [field]: unknownId() })
            expectDeclared(absent, 422)
            assertEqual(traits(foreign), traits(absent), 'the answers differ')
          })
        }
      }
    }
  }
  return cases

  /** Makes a resource through the collection above an item's path, from the document's example. */
  async function created(as: TestClient, itemPath: string): Promise<string> {
    const collection = itemPath.replace(/\/\{id\}.*$/, '')
    const operation = paths[collection]?.post
    if (!operation) throw new TypeError(`${itemPath} has no POST ${collection} to make what it is about`)
    const answer = await as.post<{ id: string }>(
      collection,
      await withFixtures(exampleOf(parsed, operation), fixtures, as),
    )
    assertEqual(answer.status, 201, `POST ${collection} with the document's example: ${JSON.stringify(answer.body)}`)
    return answer.data.id
  }
}

const isOfTenants = ({ parameters }: Operation) =>
  parameters.some(({ $ref }) => $ref === '#/components/parameters/Tenant')
const hasBody = ({ requestBody }: Operation) => requestBody !== undefined
const jsonInit = (body: unknown): RequestInit => ({
  headers: { 'Content-Type': 'application/json' },
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
})

/** What must be the same for a foreign and an absent id: all but the request's id, its time and its path. */
function traits({ status, headers, body }: Answer): unknown {
  const { requestId: _, timestamp: __, path: ___, ...rest } = z.record(z.string(), z.unknown()).parse(body)
  const names = [...headers].filter(([name]) => !['x-request-id', 'date'].includes(name))
  return { status, headers: names, rest }
}

const Schema = z.looseObject({
  $ref: z.string().optional(),
  example: z.unknown().optional(),
  properties: z.record(z.string(), z.looseObject({ example: z.unknown().optional() })).default({}),
})

/** The example of an operation's body: its own, or put together from those of its fields. */
function exampleOf(document: unknown, operation: Operation): Record<string, unknown> {
  const root = z.object({ components: z.object({ schemas: z.record(z.string(), z.unknown()) }) }).parse(document)
  const content = operation.requestBody?.content['application/json'].schema ?? {}
  const { $ref } = Schema.parse(content)
  const schema = Schema.parse($ref ? root.components.schemas[$ref.replace('#/components/schemas/', '')] : content)
  const fields = Object.entries(schema.properties).flatMap(([name, { example }]) =>
    example === undefined ? [] : [[name, example]],
  )
  return z.record(z.string(), z.unknown()).parse(schema.example ?? Object.fromEntries(fields))
}

async function withFixtures(
  example: Record<string, unknown>,
  fixtures: Record<string, (client: TestClient) => Promise<string>>,
  as: TestClient,
): Promise<Record<string, unknown>> {
  const fields = Object.entries(example).map(async ([name, value]) => [name, (await fixtures[name]?.(as)) ?? value])
  return Object.fromEntries(await Promise.all(fields))
}

function assertEqual(found: unknown, wanted: unknown, message: string): void {
  const [left, right] = [JSON.stringify(found), JSON.stringify(wanted)]
  if (left !== right) throw new Error(`${message}\nfound:  ${left}\nwanted: ${right}`)
}
