import { createRoute, OpenAPIHono, type RouteConfig } from '@hono/zod-openapi'
import type { Env, MiddlewareHandler } from 'hono'
import { authorize, type Permission } from '../context/index.ts'
import { assertPermission } from '../context/internal.ts'
import { ApiError, type ErrorName, onInvalid } from '../errors/index.ts'
import { jsonExceeds } from '../text/index.ts'
import { type ConditionalResponses, conditionalParts } from './conditional.ts'
import { type FailureResponses, failures } from './failures.ts'

/**
 * Creates a router whose routes declare Zod schemas. A request that does not match them fails with VALIDATION_FAILED.
 *
 * @example
 * createRouter<TenantEnv>().openapi(getTask, async (c) => ok(c, …))
 */
export const createRouter = <E extends Env>(): OpenAPIHono<E> => new OpenAPIHono<E>({ defaultHook: onInvalid })

type Declaration<P extends string> = Omit<RouteConfig, 'path'> & {
  path: P
  operationId: string
  summary: string
  tags: string[]
  /** What the caller needs, such as `tasks:write`: {@link authorize}. */
  permission: Permission
  /** Whether the handler responds with `once`: a request may have an `Idempotency-Key`, or must have one. */
  idempotent?: true | 'required'
  /**
   * Whether its responses have an `ETag`, and its requests conditions: `rowVersion` of `rowhouse/conditions`. The OpenAPI document then
   * has the headers, and 304 or 412. @default false
   */
  conditional?: boolean
}

const always = [
  'BAD_REQUEST',
  'UNAUTHORIZED',
  'FORBIDDEN',
  'TOO_MANY_REQUESTS',
  'INTERNAL_SERVER_ERROR',
  'SERVICE_UNAVAILABLE',
] as const
/** Every method but GET may have a body, even on a route that does not read it. */
const ofBodies = ['REQUEST_TIMEOUT', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'] as const

const ofKeys = ['CONFLICT', 'IDEMPOTENCY_KEY_REUSED'] as const

type Failures<R extends { method: string; idempotent?: unknown }, Name extends ErrorName> = FailureResponses<
  | Name
  | (typeof always)[number]
  | 'VALIDATION_FAILED'
  | (R['method'] extends 'get' ? never : (typeof ofBodies)[number])
  | (R extends { idempotent: true | 'required' } ? (typeof ofKeys)[number] : never)
>
/** The declaration with its failures. */
type TenantRoute<R extends { method: string }, Name extends ErrorName> = R & {
  responses: Failures<R, Name> & ConditionalResponses<R>
}

/**
 * Declares a route of tenants. It checks the permission before anything else of the route, and adds it and the failures that follow
 * from the shape of the route to the OpenAPI document. A JSON body that nests deeper than 64 levels, or has more than 10,000 arrays and
 * objects, or is one object of more than 1000 fields, is answered with BAD_REQUEST.
 *
 * @param declaration as for `createRoute`, with `operationId`, `summary`, `tags` and `permission`
 * @param errors the other codes that the handler throws, for example `['NOT_FOUND']`, and kinds of your own
 * @throws TypeError without a permission or with a malformed one
 */
export function tenantRoute<
  P extends string,
  R extends Declaration<P> & { path: P },
  const Name extends ErrorName = never,
>(declaration: R, errors: readonly Name[] = []) {
  const { permission, idempotent, conditional = false, ...described } = declaration
  const { request } = described
  assertPermission(permission)
  const middleware = [
    requirePermission(permission),
    ...(idempotent === 'required' ? [requireKey] : []),
    ...(request?.body ? [limitJson] : []),
    declaration.middleware ?? [],
  ]
  const { method } = declaration
  const names = [
    ...always,
    ...errors,
    ...(idempotent ? ofKeys : []),
    ...(conditional && method !== 'get' && method !== 'post' ? (['PRECONDITION_FAILED'] as const) : []),
    ...(request ? (['VALIDATION_FAILED'] as const) : []),
  ]
  const failed = failures([...names, ...(method === 'get' ? [] : ofBodies)])
  const { 403: forbidden } = failed
  const parts = conditional ? conditionalParts(declaration) : { responses: declaration.responses }
  return createRoute<P, TenantRoute<R, Name>>({
    ...described,
    ...parts,
    middleware: middleware.flat(),
    responses: {
      ...parts.responses,
      ...failed,
      403: { ...forbidden, description: `${forbidden.description}. The caller needs ${permission}` },
    },
    'x-permission': permission,
    ...(idempotent ? { 'x-idempotent': idempotent } : {}),
  } as unknown as TenantRoute<R, Name>) // without the fields that are no part of OpenAPI
}

/** Refuses a caller without the permission, before a body is parsed. */
const requirePermission =
  (permission: Permission): MiddlewareHandler =>
  async (c, next) => {
    await authorize(c, permission)
    await next()
  }

const requireKey: MiddlewareHandler = async (c, next) => {
  if (c.req.header('Idempotency-Key') === undefined) {
    const detail = {
      path: 'Idempotency-Key',
      in: 'header' as const,
      code: 'required',
      message: 'Send a key of your own',
    }
    throw new ApiError('BAD_REQUEST', 'The header Idempotency-Key is required', { details: [detail] })
  }
  await next()
}

const limits = { depth: 64, nodes: 10_000, fields: 1000 }
const excess = {
  depth: `The body nests deeper than ${limits.depth} levels`,
  nodes: `The body has more than ${limits.nodes} arrays and objects`,
  fields: `The body has more than ${limits.fields} fields`,
}

/** Rejects JSON that takes milliseconds to parse or to validate for each 100 KB: before it is parsed. */
const limitJson: MiddlewareHandler = async (c, next) => {
  const isJson = /^application\/([\w.-]+\+)?json/i.test(c.req.header('Content-Type') ?? '')
  const exceeded = isJson ? jsonExceeds(await c.req.text(), limits) : undefined
  if (exceeded) throw new ApiError('BAD_REQUEST', excess[exceeded])
  await next()
}

/** A JSON response or body with a schema. */
export const json = <Schema>(schema: Schema, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})

/** A required JSON body. */
export const jsonBody = <Schema>(schema: Schema, description: string) => ({
  ...json(schema, description),
  required: true as const,
})

const location = { Location: { description: 'The path of what was created', schema: { type: 'string' as const } } }

/**
 * The response 201 of a POST: the schema of what was created, in the envelope, with the header `Location`.
 *
 * @param schema such as `successOf(Task, 201)`
 */
export const created = <Schema>(schema: Schema, description: string) => ({
  ...json(schema, description),
  headers: location,
})
