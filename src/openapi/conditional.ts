import { type RouteConfig, z } from '@hono/zod-openapi'
import type { FailureResponses } from './failures.ts'

type Declared = Pick<RouteConfig, 'method' | 'responses' | 'parameters'>
type Response = Declared['responses'][string]

/** The responses that the conditions of a request add to the types of a route: without 304, which a client has to ask for. */
export type ConditionalResponses<R> = R extends { conditional: true; method: infer Method }
  ? Method extends 'get' | 'post'
    ? unknown
    : FailureResponses<'PRECONDITION_FAILED'>
  : unknown

const text = { type: 'string' as const }
const description = 'The version of the resource (RFC 9110, section 8.8.3)'
const ETag = { description, schema: text }
const parameter = (name: string, description: string) => ({
  name,
  in: 'header' as const,
  required: false,
  description,
  schema: text,
})
const ofReads = [
  parameter(
    'If-None-Match',
    'The `ETag` of the version that the client has: the response is 304 if it is the last one',
  ),
]
const ofWrites = [
  parameter(
    'If-Match',
    'The `ETag` that the resource must have, or `*` for any: else nothing is written, and the response is 412',
  ),
  parameter('If-None-Match', 'An `ETag` that the resource must not have, or `*` for any: else the response is 412'),
]

/** What a route with an `ETag` has in the OpenAPI document: the header of its successes, the conditions of requests, and 304. */
export function conditionalParts({ method, responses, parameters = [] }: Declared) {
  const successes = Object.entries(responses).map(([status, response]) => [
    status,
    status.startsWith('2') ? withEtag(response) : response,
  ])
  const conditions = method === 'get' ? ofReads : method === 'post' ? [] : ofWrites
  const unchanged = { description: 'The client has the last version', headers: { ETag } }
  return {
    ...(conditions.length > 0 ? { parameters: [...parameters, ...conditions] } : {}),
    responses: { ...Object.fromEntries(successes), ...(method === 'get' ? { 304: unchanged } : {}) },
  }
}

/** A success with the header, unless it has no body or is a reference. */
function withEtag(response: Response): Response {
  if (!('content' in response)) return response
  const { headers } = response
  if (isSchema(headers)) return { ...response, headers: headers.extend({ ETag: z.string().openapi({ description }) }) }
  return { ...response, headers: { ...headers, ETag } }
}

/** By its brand: the application can have another copy of Zod. */
const isSchema = (headers: unknown): headers is z.ZodObject =>
  typeof headers === 'object' && headers !== null && '_zod' in headers
