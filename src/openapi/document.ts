import { isDeepStrictEqual } from 'node:util'
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Env } from 'hono'
import { ProblemDetails } from '../envelope/index.ts'
import { documentComponents, headersOf, requiredKey, securityOf } from './components.ts'
import type { DocumentOptions } from './document-options.ts'
import { addProblem, createNaming, type Response, withConst, withoutFields } from './envelope-schemas.ts'

/** One operation, as this module changes it. */
interface Operation {
  parameters?: object[]
  security?: Record<string, string[]>[]
  responses?: Record<string, Response>
  'x-permission'?: string
  'x-idempotent'?: true | 'required'
}
const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const

/**
 * Generates the OpenAPI 3.1 document of an app as JSON. What you registered yourself stays: components, security schemes, parameters,
 * and `security` of a route. Call it once: each call takes time and leaks memory.
 *
 * @example
 * const document = createDocument(app, { title: 'Tasks', version: '1.0.0', description: '…', tags, tenantHeader })
 */
export function createDocument<E extends Env>(app: OpenAPIHono<E>, options: DocumentOptions): string {
  const { title, version, description, tags, license, servers = [{ url: '/' }], envelope } = options
  const { problems = false } = envelope?.options ?? {}
  if (problems) app.openAPIRegistry.register('ProblemDetails', ProblemDetails)
  const generated = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title, version, description, ...(license ? { license } : {}) },
    servers,
    security: [],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
  })
  const document = withConst(generated)
  const { schemas: declared = {}, headers, parameters, securitySchemes } = document.components ?? {}
  assertDistinct(app, declared)
  const schemas = withoutFields(declared, envelope?.options ?? {})
  const nameEnvelope = createNaming(schemas)
  for (const path of Object.values(document.paths ?? {}))
    for (const method of methods) {
      const operation: Operation | undefined = path[method]
      if (!operation) continue
      describe(operation, method, options)
      for (const response of Object.values(operation.responses ?? {})) {
        nameEnvelope(response)
        if (problems) addProblem(response)
      }
    }
  const ours = documentComponents(options)
  const components = {
    ...document.components,
    schemas,
    headers: { ...ours.headers, ...headers },
    parameters: { ...ours.parameters, ...parameters },
    securitySchemes: { ...ours.securitySchemes, ...securitySchemes },
  }
  return JSON.stringify({ ...document, components })
}

/**
 * Of two schemas with one name, the generator keeps the first and refers to it for both. So the routes in reverse must give the same schemas.
 *
 * @throws TypeError with the name
 */
function assertDistinct<E extends Env>(app: OpenAPIHono<E>, schemas: Record<string, object>): void {
  const reversed = new OpenAPIHono()
  for (const definition of app.openAPIRegistry.definitions.toReversed())
    if (definition.type === 'route') reversed.openAPIRegistry.registerPath(definition.route)
  const { components } = reversed.getOpenAPI31Document({ openapi: '3.1.0', info: { title: '', version: '' } })
  for (const [name, schema] of Object.entries(withConst(components?.schemas ?? {})))
    if (schemas[name] && !isDeepStrictEqual(schemas[name], schema))
      throw new TypeError(`Two schemas of the document have the name "${name}": give the one of the app another name`)
}

/** Adds what an operation of tenants needs, and the headers of responses. */
function describe(operation: Operation, method: string, options: DocumentOptions): void {
  const isOfTenants = operation['x-permission'] !== undefined
  const security = securityOf(options)
  if (isOfTenants && security.length > 0) operation.security ??= security
  const idempotent = operation['x-idempotent']
  if (isOfTenants && options.bookmarks) addParameter(operation, 'Bookmark')
  if (idempotent) addParameter(operation, 'Idempotency-Key', idempotent === 'required' ? requiredKey : undefined)
  // As the URL has them: what is in the path comes first.
  if (operation.parameters)
    operation.parameters = operation.parameters.toSorted((one, other) => isInPath(other) - isInPath(one))
  for (const [status, response] of Object.entries(operation.responses ?? {})) {
    if (response.$ref) continue
    const isWrite = method !== 'get' && status.startsWith('2')
    const added = headersOf({ isOfTenants, isWrite, isReplayable: isWrite && idempotent !== undefined }, options)
    response.headers = { ...added, ...response.headers }
  }
}

const isInPath = (parameter: object): number => Number('in' in parameter && parameter.in === 'path')

/** Adds a header of ours, unless the route declares it. @param own where it differs from the component of this name */
function addParameter(operation: Operation, name: string, own?: object): void {
  const declared = operation.parameters ?? []
  if (declared.some((one) => 'name' in one && one.name === name)) return
  operation.parameters = [...declared, own ?? { $ref: `#/components/parameters/${name}` }]
}
