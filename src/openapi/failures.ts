import type { z } from '@hono/zod-openapi'
import { type Failure, FailureBody } from '../envelope/index.ts'
import type { catalogue, ErrorCode, ErrorKind, ErrorName } from '../errors/index.ts'
import { kindOf } from '../errors/internal.ts'

type StatusOf<Name> = Name extends ErrorCode
  ? (typeof catalogue)[Name]['status']
  : Name extends ErrorKind<string, infer Status>
    ? Status
    : never
type CodeOf<Name> = Name extends ErrorCode ? Name : Name extends ErrorKind<infer Code> ? Code : never
type CodesOf<Name, Status> = Name extends ErrorName ? (StatusOf<Name> extends Status ? CodeOf<Name> : never) : never

/** The failures of codes, one for each, so that a client tells them apart. An envelope of your own may leave fields out. */
type FailureOf<Code extends string> = Code extends string
  ? Omit<Failure<Code>, Optional> & Partial<Pick<Failure, Optional>>
  : never
type Optional = 'requestId' | 'timestamp' | 'path'

/** The responses of failures by status, as `createRoute` takes them and as the client `hc` reads them. */
export type FailureResponses<Name extends ErrorName> = {
  [Status in StatusOf<Name>]: {
    description: string
    content: { 'application/json': { schema: z.ZodType<FailureOf<CodesOf<Name, Status>>> } }
  }
}

const retry = {
  'Retry-After': { description: 'The seconds to wait before the next attempt', schema: { type: 'integer' } },
}
const headers: Record<number, object> = {
  401: { 'WWW-Authenticate': { description: 'How to authenticate (RFC 9110)', schema: { type: 'string' } } },
  405: { Allow: { description: 'The methods of the path', schema: { type: 'string' } } },
  409: retry,
  429: retry,
  503: retry,
}

/**
 * The OpenAPI responses of error codes, one for each status. All have the schema `Failure`; `x-error-codes` lists the codes of each.
 *
 * @param names codes of the catalogue, and kinds of your own
 * @example
 * createRoute({ …, responses: { 200: json(Report, 'The report'), ...failures(['NOT_FOUND', quotaExceeded]) } })
 */
export function failures<const Name extends ErrorName>(names: readonly Name[]): FailureResponses<Name> {
  const all = names.map(kindOf)
  const statuses = [...new Set(all.map(({ status }) => status))]
  const responses = statuses.map((wanted) => {
    const kinds = all.filter(({ status }) => status === wanted)
    const codes = [...new Set(kinds.map(({ code }) => code))].toSorted()
    const messages = kinds.toSorted((one, other) => (one.code < other.code ? -1 : 1)).map(({ message }) => message)
    return [
      wanted,
      {
        description: [...new Set(messages)].join('. Or: '),
        ...(headers[wanted] ? { headers: headers[wanted] } : {}),
        content: { 'application/json': { schema: FailureBody } },
        'x-error-codes': codes,
      },
    ]
  })
  return Object.fromEntries(responses) as FailureResponses<Name> // by construction
}
