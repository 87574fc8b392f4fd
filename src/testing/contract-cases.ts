import { z } from 'zod'
import type { TestClient, TestResponse, testClient } from './client.ts'
import { exampleOf, hasJsonBody, mediaTypeOf, needsTenant, successOf, withFixtures } from './contract-document.ts'
import {
  acceptedIds,
  createIn,
  creatorOf,
  hasForm,
  type Ids,
  makeRows,
  type Subject as PathSubject,
  placeholdersOf,
  unknownId,
  unknownIds,
  whyNoQuery,
  whyNoRow,
  withIds,
  withQuery,
} from './contract-paths.ts'
import { matchResponse } from './response-schema.ts'
import { idLike } from './unknown-id.ts'

/** One check of one operation. Pass `name` and `run` to the `test` of any runner. */
export interface ContractCase {
  name: string
  /** Why the case is skipped, as `name` says too. `run` does nothing then. */
  skip?: string
  run(): Promise<void>
}

/** One operation with what its cases need. */
export interface Subject extends PathSubject {
  client: ReturnType<typeof testClient>
  /** Returns the id of a tenant that has no rows. */
  newTenant(): string
}

export function casesOf(subject: Subject): ContractCase[] {
  if (!needsTenant(subject.operation)) return [withoutTenant(subject)]
  return [
    ...tenantCases(subject),
    ...placeholdersOf(subject.path).flatMap((name) => idCases(subject, name)),
    ...(subject.operation.requestBody ? bodyCases(subject) : []),
    ...(subject.method === 'PATCH' ? [emptyChange(subject)] : []),
    ...(hasJsonBody(subject.operation) ? referenceCases(subject) : []),
  ]
}

/** A case, or a case that does nothing and whose name says why. */
export const unless = (skip: string | undefined, name: string, run: () => Promise<void>): ContractCase =>
  skip === undefined ? { name, run } : { name: `${name} (skipped: ${skip})`, skip, run: async () => {} }

/** Why no valid request can be made from the document alone. */
export const whyNoRequest = (subject: Subject): string | undefined => whyNoBody(subject) ?? whyNoQuery(subject)

function whyNoBody({ operation }: Subject): string | undefined {
  const type = mediaTypeOf(operation)
  return type === undefined || hasJsonBody(operation) ? undefined : `its body is ${type}`
}

function withoutTenant(subject: Subject): ContractCase {
  const parameter = placeholdersOf(subject.path).length > 0 ? 'its path has parameters' : undefined
  const skip = whyNoRequest(subject) ?? parameter
  return unless(skip, 'responds without a tenant and ignores the tenant header', async () => {
    const { client, document, operation } = subject
    for (const as of [client.anonymous, client.as('nonsense')]) {
      const response = await send(subject, as, {}, exampleOf(document, operation))
      expectDeclared(subject, response, successOf(operation))
    }
  })
}

function tenantCases(subject: Subject): ContractCase[] {
  const { client, newTenant, operation, paths, path, method } = subject
  return [
    {
      name: 'rejects a request without a tenant',
      async run() {
        expectDeclared(subject, await send(subject, client.anonymous, unknownIds(subject), {}), 403)
      },
    },
    {
      name: 'rejects a malformed tenant',
      async run() {
        expectDeclared(subject, await send(subject, client.as('not a tenant'), unknownIds(subject), {}), 400)
      },
    },
    unless(whyNoRequest(subject) ?? whyNoRow(subject), 'responds as the document declares', async () => {
      const as = client.as(newTenant())
      const ids = await makeRows(subject, as)
      // A list that is not empty shows the schema of its items.
      const creator = method === 'GET' ? creatorOf(paths, path) : undefined
      if (creator && hasJsonBody(creator)) await createIn(subject, path, as, ids)
      expectDeclared(subject, await send(subject, as, ids, await validBody(subject, as)), successOf(operation))
    }),
  ]
}

function idCases(subject: Subject, name: string): ContractCase[] {
  const { client, newTenant, path, paths, method } = subject
  // Only the parent of a list may be unknown without a failure: the list is empty.
  const isItem = name === 'id' || path.endsWith(`{${name}}`)
  return [
    unless(
      whyNoRequest(subject) ?? whyNoRow(subject),
      `responds to another tenant's ${name} as to an unknown ${name}`,
      async () => {
        const [a, b] = [client.as(newTenant()), client.as(newTenant())]
        const body = await validBody(subject, b)
        const theirs = await makeRows(subject, a)
        // Above the parameter stand rows of the caller's own, below it rows of the other tenant.
        const above = placeholdersOf(path).slice(0, placeholdersOf(path).indexOf(name))
        const own = above.length > 0 ? await makeRows(subject, b) : {}
        const kept = Object.fromEntries(above.map((parameter) => [parameter, own[parameter] ?? '']))
        const unknown = Object.entries(theirs).map(([parameter, id]) => [parameter, unknownId(subject, parameter, id)])
        if (paths[path]?.get) await a.get(withIds(path, theirs)) // fills a cache that ignores the tenant
        const foreign = await send(subject, b, { ...theirs, ...kept }, body)
        const absent = await send(subject, b, { ...Object.fromEntries(unknown), ...kept }, body)
        if (!isItem && method !== 'GET' && absent.status < 400)
          throw new Error(`${subject.operation.operationId} accepts an unknown ${name}: ${JSON.stringify(absent.body)}`)
        expectDeclared(subject, absent, isItem ? 404 : absent.status)
        assertEqual(traits(foreign), traits(absent), 'the responses differ')
      },
    ),
    unless(
      (hasForm(subject, name) ? undefined : `the document gives ${name} no form`) ?? whyNoRequest(subject),
      `rejects a malformed ${name} and names the field`,
      async () => {
        const as = client.as(newTenant())
        const ids = { ...unknownIds(subject), [name]: 'not-an-id' }
        const response = await send(subject, as, ids, await validBody(subject, as))
        expectDeclared(subject, response, 400)
        assertEqual(response.error?.details?.[0]?.path, name, 'the error names another field')
      },
    ),
  ]
}

function bodyCases(subject: Subject): ContractCase[] {
  const { client, newTenant, document, operation, method, path } = subject
  const rejects = (title: string, status: number, init: RequestInit) =>
    unless(whyNoRequest(subject), `rejects ${title}`, async () => {
      const as = client.as(newTenant())
      const to = withQuery(document, operation, withIds(path, await acceptedIds(subject, as)))
      expectDeclared(subject, refuseLimit(await as.send(method, to, init)), status)
    })
  return [
    rejects('a body that is not JSON', 400, { ...jsonInit(undefined), body: '{' }),
    rejects('a body of another media type', 415, { body: 'a=1', headers: { 'Content-Type': 'text/plain' } }),
    rejects('an unknown field', 400, jsonInit({ ...exampleOf(document, operation), tenantId: newTenant() })),
    rejects('a missing body', 400, jsonInit(undefined)),
  ]
}

/** An update of nothing is a mistake of the client, or nothing to do; it is no failure of the server. */
const emptyChange = (subject: Subject): ContractCase =>
  unless(
    whyNoRequest(subject) ?? whyNoRow(subject) ?? (hasJsonBody(subject.operation) ? undefined : 'it has no body'),
    'responds to an empty change as the document declares',
    async () => {
      const as = subject.client.as(subject.newTenant())
      const response = await send(subject, as, await makeRows(subject, as), {})
      const isExpected = [successOf(subject.operation), 400, 422].includes(response.status)
      expectDeclared(subject, response, isExpected ? response.status : 400)
    },
  )

function referenceCases(subject: Subject): ContractCase[] {
  const { client, newTenant, document, fixtures, operation } = subject
  const fields = Object.keys(exampleOf(document, operation)).filter((name) => name in fixtures)
  return fields.map((field) =>
    unless(
      whyNoRequest(subject) ?? whyNoRow(subject),
      `responds to another tenant's ${field} as to an unknown one`,
      async () => {
        const [a, b] = [client.as(newTenant()), client.as(newTenant())]
        const ids = await makeRows(subject, b)
        const body = await validBody(subject, b)
        const theirs = (await fixtures[field]?.(a)) ?? ''
        const foreign = await send(subject, b, ids, { ...body, [field]: theirs })
        const absent = await send(subject, b, ids, { ...body, [field]: idLike(theirs) })
        expectDeclared(subject, absent, 422)
        assertEqual(traits(foreign), traits(absent), 'the responses differ')
      },
    ),
  )
}

export const validBody = ({ document, operation, fixtures }: Subject, as: TestClient) =>
  withFixtures(exampleOf(document, operation), fixtures, as)

export async function send(
  subject: Subject,
  as: TestClient,
  ids: Ids,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<TestResponse> {
  const { document, operation, method, path } = subject
  const to = withQuery(document, operation, withIds(path, ids))
  const init = hasJsonBody(operation) ? jsonInit(body) : {}
  return refuseLimit(await as.send(method, to, { ...init, headers: { ...init.headers, ...headers } }))
}

/** @throws Error for a response of a rate limit, which says nothing about the contract */
function refuseLimit(response: TestResponse): TestResponse {
  if (response.status !== 429) return response
  throw new Error(
    'The rate limit refused a request of this case: give the app under test a limit of 20 requests or more',
  )
}

export const expectDeclared = ({ document, operation }: Subject, response: TestResponse, status: number): void =>
  matchResponse(document, operation, response, status)

const jsonInit = (body: unknown): RequestInit => ({
  headers: { 'Content-Type': 'application/json' },
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
})

// They count requests, so they differ from one to the next.
const counters = /^(x-request-id|date|retry-after|(x-)?ratelimit(-.*)?)$/

/** What must be equal for another tenant's id and an unknown id: everything but the request's id, time, path and count. */
export function traits({ status, headers, body }: TestResponse): unknown {
  const fields = z.record(z.string(), z.unknown()).safeParse(body)
  const { requestId: _, timestamp: __, path: ___, ...rest } = fields.success ? fields.data : { body }
  return { status, headers: [...headers].filter(([name]) => !counters.test(name)), rest }
}

export function assertEqual(found: unknown, expected: unknown, message: string): void {
  const [left, right] = [JSON.stringify(found), JSON.stringify(expected)]
  if (left !== right) throw new Error(`${message}\nfound:    ${left}\nexpected: ${right}`)
}
