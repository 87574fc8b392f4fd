import { createRoute, OpenAPIHono, type RouteConfig } from '@hono/zod-openapi'
import type { Env, MiddlewareHandler } from 'hono'
import { authorize, type Permission } from '../context/index.ts'
import { assertPermission } from '../context/internal.ts'
import { failureOf } from '../envelope/index.ts'
import { ApiError, catalogue, type ErrorCode, onInvalid } from '../errors/index.ts'
import { jsonExceeds } from '../text/index.ts'
import { tenantReference } from './document.ts'

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
}

/**
 * Declares a route of tenants. It checks the permission before anything else of the route, and adds it, the tenant header and the
 * failures that follow from the shape of the route to the OpenAPI document. A JSON body that nests deeper than 64 levels, or has more than 10,000 arrays and objects, or is one object of
 * more than 1000 fields, is answered with BAD_REQUEST.
 *
 * @param declaration as for `createRoute`, with `operationId`, `summary`, `tags` and `permission`
 * @param errors the other codes that the handler throws, for example `['NOT_FOUND']`
 * @throws TypeError without a permission or with a malformed one
 */
export function tenantRoute<P extends string, R extends Declaration<P> & { path: P }>(
  declaration: R,
  errors: readonly ErrorCode[] = [],
) {
  const { permission, ...described } = declaration
  const { request } = described
  assertPermission(permission)
  const codes: ErrorCode[] = ['BAD_REQUEST', 'UNAUTHORIZED', 'FORBIDDEN', ...errors]
  codes.push('TOO_MANY_REQUESTS', 'INTERNAL_SERVER_ERROR', 'SERVICE_UNAVAILABLE')
  if (request) codes.push('VALIDATION_FAILED')
  // Every method but GET may have a body, even on a route that does not read it.
  if (declaration.method !== 'get') codes.push('REQUEST_TIMEOUT', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE')
  const middleware = [
    requirePermission(permission),
    ...(request?.body ? [limitJson] : []),
    declaration.middleware ?? [],
  ]
  const responses: RouteConfig['responses'] = { ...declaration.responses, ...failures(codes) }
  const { status, message } = catalogue.FORBIDDEN
  return createRoute<P, R>({
    ...(described as R), // without the field that is no part of OpenAPI
    middleware: middleware.flat(),
    parameters: [{ $ref: tenantReference }, { $ref: '#/components/parameters/Bookmark' }],
    responses: {
      ...responses,
      [status]: { ...responses[status], description: `${message}. The caller needs ${permission}` },
    },
    'x-permission': permission,
  })
}

/** Refuses a caller without the permission, before a body is parsed. */
const requirePermission =
  (permission: Permission): MiddlewareHandler =>
  async (c, next) => {
    await authorize(c, permission)
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

/** The OpenAPI responses of error codes: one per status. */
export function failures(codes: readonly ErrorCode[]): RouteConfig['responses'] {
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of codes.toSorted()) {
    const { status } = catalogue[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, [first, ...rest]]) => [
      status,
      json(failureSchema([first as ErrorCode, ...rest]), catalogue[first as ErrorCode].message), // a set is never empty
    ]),
  )
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

// One schema per set of codes: of two schemas with the same component name, OpenAPIHono drops the second.
const failureSchemas = new Map<string, ReturnType<typeof failureOf>>()
function failureSchema(codes: readonly [ErrorCode, ...ErrorCode[]]) {
  const name = `${codes.map(pascal).join('Or')}Failure`
  const schema = failureSchemas.get(name) ?? failureOf(codes).openapi(name)
  failureSchemas.set(name, schema)
  return schema
}
const pascal = (code: string) => code.toLowerCase().replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase())
