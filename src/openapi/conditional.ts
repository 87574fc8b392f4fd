import type { FailureResponses } from './failures.ts'

/** The part of a declaration that {@link conditionalParts} reads. */
interface Declared {
  method: string
  responses: object
  parameters?: object[] | undefined
}

/** The responses that the conditions of a request add to a route. */
export type ConditionalResponses<R> = R extends { conditional: true; method: infer Method }
  ? Method extends 'get'
    ? { 304: { description: string } }
    : Method extends 'post'
      ? unknown
      : FailureResponses<'PRECONDITION_FAILED'>
  : unknown

const ETag = { description: 'The version of the resource (RFC 9110, section 8.8.3)', schema: { type: 'string' } }
const parameter = (name: string, description: string) => ({
  name,
  in: 'header',
  required: false,
  description,
  schema: { type: 'string' },
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
  const successes = Object.entries(responses).map(([status, response]) => {
    const isShown = status.startsWith('2') && 'content' in response
    return [status, isShown ? { ...response, headers: { ...response.headers, ETag } } : response]
  })
  const conditions = method === 'get' ? ofReads : method === 'post' ? [] : ofWrites
  const unchanged = { description: 'The client has the last version', headers: { ETag } }
  return {
    ...(conditions.length > 0 ? { parameters: [...parameters, ...conditions] } : {}),
    responses: { ...Object.fromEntries(successes), ...(method === 'get' ? { 304: unchanged } : {}) },
  }
}
