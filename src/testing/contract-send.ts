import { z } from 'zod'
import type { TestClient, TestResponse, testClient } from './client.ts'
import { exampleOf, hasJsonBody, keyOf, mediaTypeOf, withFixtures } from './contract-document.ts'
import { type Ids, type Subject as PathSubject, whyNoQuery, withIds, withQuery } from './contract-paths.ts'
import { matchResponse } from './response-schema.ts'

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

/** A case, or a case that does nothing and whose name says why. */
export const unless = (skip: string | undefined, name: string, run: () => Promise<void>): ContractCase =>
  skip === undefined ? { name, run } : { name: `${name} (skipped: ${skip})`, skip, run: async () => {} }

/** Why no valid request can be made from the document alone. */
export const whyNoRequest = (subject: Subject): string | undefined => whyNoBody(subject) ?? whyNoQuery(subject)

function whyNoBody({ operation }: Subject): string | undefined {
  const type = mediaTypeOf(operation)
  return type === undefined || hasJsonBody(operation) ? undefined : `its body is ${type}`
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
  const sent = { ...init.headers, ...keyOf(operation), ...headers }
  return refuseLimit(await as.send(method, to, { ...init, headers: sent }))
}

/** @throws Error for a response of a rate limit, which says nothing about the contract */
export function refuseLimit(response: TestResponse): TestResponse {
  if (response.status !== 429) return response
  throw new Error(
    'The rate limit refused a request of this case: give the app under test a limit of 20 requests or more',
  )
}

export const expectDeclared = ({ document, operation }: Subject, response: TestResponse, status: number): void =>
  matchResponse(document, operation, response, status)

export const jsonInit = (body: unknown): RequestInit => ({
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
