import { z } from 'zod'
import type { TestClient, TestResponse, testClient } from './client.ts'
import {
  exampleOf,
  type Fixtures,
  hasBody,
  needsTenant,
  type Operation,
  type Paths,
  pathsOf,
  successOf,
  withFixtures,
} from './contract-document.ts'
import { matchResponse } from './response-schema.ts'

/** One check of one operation. Pass `name` and `run` to the `test` of any runner. */
export interface ContractCase {
  name: string
  run(): Promise<void>
}

export interface ContractOptions {
  client: ReturnType<typeof testClient>
  /** The OpenAPI document, as JSON. */
  document: string
  /**
   * For each field that references another resource: creates one as the client's tenant and returns its id.
   *
   * @default {}
   */
  fixtures?: Fixtures
  /**
   * The operationIds to skip.
   *
   * @default []
   */
  except?: string[]
}

/**
 * Creates test cases for every operation of an OpenAPI document: without a tenant, with a malformed tenant, with another
 * tenant's id and an unknown id, with a malformed id, with malformed bodies, and with references to another tenant's rows. Each
 * response must match its declared schema exactly. A new route gets its cases from the document; resources are created from the
 * document's examples.
 *
 * @throws TypeError for a document in which no operation needs a tenant
 * @example
 * for (const { name, run } of contractCases({ client, document, fixtures })) test(name, run)
 */
export function contractCases({ client, document, fixtures = {}, except = [] }: ContractOptions): ContractCase[] {
  const parsed: unknown = JSON.parse(document)
  const paths = pathsOf(parsed)
  if (!Object.values(paths).some((operations) => Object.values(operations).some(needsTenant)))
    throw new TypeError('No operation of the document needs a tenant: declare the routes of tenants with tenantRoute()')
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, { operationId }]) => !except.includes(operationId))
      .flatMap(([verb, operation]) => {
        const subject = { client, document: parsed, fixtures, paths, path, operation, method: verb.toUpperCase() }
        return casesOf(subject).map(({ name, run }) => ({ name: `${operation.operationId}: ${name}`, run }))
      }),
  )
}

/** One operation with what its cases need. */
interface Subject {
  client: ContractOptions['client']
  document: unknown
  fixtures: Fixtures
  paths: Paths
  path: string
  operation: Operation
  method: string
}

function casesOf(subject: Subject): ContractCase[] {
  if (!needsTenant(subject.operation)) return [withoutTenant(subject)]
  return [
    ...tenantCases(subject),
    ...(subject.path.includes('{id}') ? idCases(subject) : []),
    ...(hasBody(subject.operation) ? [...bodyCases(subject), ...referenceCases(subject)] : []),
  ]
}

const withoutTenant = (subject: Subject): ContractCase => ({
  name: 'responds without a tenant and ignores the tenant header',
  async run() {
    const { client, path, operation } = subject
    expectDeclared(subject, await send(subject, client.anonymous, path, undefined), successOf(operation))
    expectDeclared(subject, await send(subject, client.as('nonsense'), path, undefined), successOf(operation))
  },
})

function tenantCases(subject: Subject): ContractCase[] {
  const { client, path, operation, paths, method } = subject
  return [
    {
      name: 'rejects a request without a tenant',
      async run() {
        expectDeclared(subject, await send(subject, client.anonymous, withId(path, unknownId()), {}), 403)
      },
    },
    {
      name: 'rejects a malformed tenant',
      async run() {
        expectDeclared(subject, await send(subject, client.as('not-a-tenant'), withId(path, unknownId()), {}), 400)
      },
    },
    {
      name: 'responds as the document declares',
      async run() {
        const as = client.as(unknownId())
        // A list that is not empty shows the schema of its items.
        const needsRow = path.includes('{id}') || (method === 'GET' && paths[path]?.post !== undefined)
        const id = needsRow ? await create(subject, as) : ''
        expectDeclared(
          subject,
          await send(subject, as, withId(path, id), await validBody(subject, as)),
          successOf(operation),
        )
      },
    },
  ]
}

function idCases(subject: Subject): ContractCase[] {
  const { client, path, paths } = subject
  return [
    {
      name: "responds to another tenant's id as to an unknown id",
      async run() {
        const [a, b] = [client.as(unknownId()), client.as(unknownId())]
        const body = await validBody(subject, b)
        const theirs = withId(path, await create(subject, a))
        if (paths[path]?.get) await a.get(theirs) // fills a cache that ignores the tenant
        const foreign = await send(subject, b, theirs, body)
        const absent = await send(subject, b, withId(path, unknownId()), body)
        expectDeclared(subject, absent, 404)
        assertEqual(traits(foreign), traits(absent), 'the responses differ')
      },
    },
    {
      name: 'rejects a malformed id and names the field',
      async run() {
        const as = client.as(unknownId())
        const response = await send(subject, as, withId(path, 'not-an-id'), await validBody(subject, as))
        expectDeclared(subject, response, 400)
        assertEqual(response.error?.details?.[0]?.path, 'id', 'the error names another field')
      },
    },
  ]
}

function bodyCases(subject: Subject): ContractCase[] {
  const { client, document, path, operation, method } = subject
  const rejects = (title: string, status: number, init: RequestInit): ContractCase => ({
    name: `rejects ${title}`,
    async run() {
      expectDeclared(subject, await client.as(unknownId()).send(method, withId(path, unknownId()), init), status)
    },
  })
  return [
    rejects('a body that is not JSON', 400, { ...jsonInit(undefined), body: '{' }),
    rejects('a body of another media type', 415, { body: 'a=1', headers: { 'Content-Type': 'text/plain' } }),
    rejects('an unknown field', 400, jsonInit({ ...exampleOf(document, operation), tenantId: unknownId() })),
    rejects('a missing body', 400, jsonInit(undefined)),
  ]
}

function referenceCases(subject: Subject): ContractCase[] {
  const { client, document, fixtures, path, operation } = subject
  const fields = Object.keys(exampleOf(document, operation)).filter((name) => name in fixtures)
  return fields.map((field) => ({
    name: `responds to another tenant's ${field} as to an unknown one`,
    async run() {
      const [a, b] = [client.as(unknownId()), client.as(unknownId())]
      const to = path.includes('{id}') ? withId(path, await create(subject, b)) : path
      const body = await validBody(subject, b)
      const foreign = await send(subject, b, to, { ...body, [field]: await fixtures[field]?.(a) })
      const absent = await send(subject, b, to, { ...body, [field]: unknownId() })
      expectDeclared(subject, absent, 422)
      assertEqual(traits(foreign), traits(absent), 'the responses differ')
    },
  }))
}

/** Creates a resource through the collection above an item's path, from the document's example. */
async function create({ document, fixtures, paths, path }: Subject, as: TestClient): Promise<string> {
  const collection = path.replace(/\/\{id\}.*$/, '')
  const operation = paths[collection]?.post
  if (!operation) throw new TypeError(`Cannot create a resource for ${path}: the document has no POST ${collection}`)
  const body = await withFixtures(exampleOf(document, operation), fixtures, as)
  const response = await as.post<{ id: string }>(collection, body)
  assertEqual(response.status, 201, `POST ${collection} with the document's example: ${JSON.stringify(response.body)}`)
  return response.data.id
}

const validBody = ({ document, operation, fixtures }: Subject, as: TestClient) =>
  withFixtures(exampleOf(document, operation), fixtures, as)

const send = ({ operation, method }: Subject, as: TestClient, to: string, body: unknown) =>
  as.send(method, to, hasBody(operation) ? jsonInit(body) : {})

const expectDeclared = ({ document, operation }: Subject, response: TestResponse, status: number): void =>
  matchResponse(document, operation, response, status)

const unknownId = () => crypto.randomUUID()
const withId = (path: string, id: string): string => path.replace('{id}', id)
const jsonInit = (body: unknown): RequestInit => ({
  headers: { 'Content-Type': 'application/json' },
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
})

/** What must be equal for another tenant's id and an unknown id: everything but the request's id, time and path. */
function traits({ status, headers, body }: TestResponse): unknown {
  const { requestId: _, timestamp: __, path: ___, ...rest } = z.record(z.string(), z.unknown()).parse(body)
  const names = [...headers].filter(([name]) => !['x-request-id', 'date'].includes(name))
  return { status, headers: names, rest }
}

function assertEqual(found: unknown, expected: unknown, message: string): void {
  const [left, right] = [JSON.stringify(found), JSON.stringify(expected)]
  if (left !== right) throw new Error(`${message}\nfound:    ${left}\nexpected: ${right}`)
}
