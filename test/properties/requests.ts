import fc from 'fast-check'
import { type Operation, referredBy, type Schema } from './operations.ts'

/**
 * A request with placeholders for the tenant that sends it: `{own /users 0}` is its first user, `{foreign /users 0}` the other
 * tenant's, `{absent 0}` a user that does not exist, `{tenant}` its own id.
 */
export interface Template {
  method: string
  path: string
  headers: Record<string, string>
  body?: string
}

/** Valid and invalid requests to these operations, and some to routes that do not exist. */
export function anyRequest(operations: Operation[]): fc.Arbitrary<Template> {
  const collections = [...new Set(operations.map(({ collection }) => collection))]
  const strange = collections.flatMap((path) => [
    { method: 'PUT', path },
    { method: 'DELETE', path },
    { method: 'POST', path: `${path}/{foreign ${path} 0}` },
    { method: 'GET', path: `${path}/{own ${path} 0}/nothing` },
  ])
  const headers = { 'X-Tenant-Id': '{tenant}' }
  const toStrange = fc.constantFrom(...strange).map((request) => ({ ...request, headers }))
  // Creations are more frequent, so that there are rows.
  const toKnown = operations.map((operation) => ({
    weight: operation.method === 'POST' ? 4 : operation.needsTenant ? 2 : 1,
    arbitrary: requestTo(operation, operations),
  }))
  return fc.oneof({ withCrossShrink: true }, ...toKnown, { weight: 1, arbitrary: toStrange }).map(printed)
}

/** A valid request, which succeeds for a tenant with a row of each collection. */
export function rightRequest(
  operation: Operation,
  operations: Operation[],
  id = `{own ${operation.collection} 0}`,
): Template {
  const fields = Object.entries(operation.body ?? {}).map(([name, { schema }]) => [
    name,
    valuesOf(name, schema, operations).right[0],
  ])
  const body = operation.body && JSON.stringify(Object.fromEntries(fields))
  return printed({ method: operation.method, path: withId(operation, id), headers: headersOf(body), ...withBody(body) })
}

function requestTo(operation: Operation, operations: Operation[]): fc.Arbitrary<Template> {
  const { method, collection } = operation
  return fc
    .record({
      method: method === 'GET' ? mostly(['GET'], ['HEAD']) : fc.constant(method),
      id: mostly(idsOf(collection), ['not-an-id', '%00', "'"]),
      search: searchOf(operation, operations),
      tenant: mostly(['{tenant}'], ['{TENANT}', '', '{{tenant}}', '_nonsense', '{tenant}, {other tenant}']),
      type: mostly(['application/json'], ['text/plain']),
      body: bodyOf(operation, operations),
      headers: valuesOfHeaders(operation),
    })
    .map(({ method, id, search, tenant, type, body, headers }) => ({
      ...{ method, path: withId(operation, id) + search },
      headers: { ...headersOf(body, tenant, type), ...headers },
      ...withBody(body),
    }))
}

function searchOf({ query }: Operation, operations: Operation[]): fc.Arbitrary<string> {
  const known = Object.entries(query).map(([name, schema]): [string, fc.Arbitrary<string>] => {
    const { right, wrong } = valuesOf(name, schema, operations)
    return [name, mostly(right.map(String), wrong.map(String))]
  })
  const unknown = fc.constantFrom('{mark}', '{other tenant}')
  const parameters = fc.record<Record<string, string>>({ ...Object.fromEntries(known), unknown }, { requiredKeys: [] })
  const search = parameters.map((search) => {
    const pairs = Object.entries(search).map(([name, value]) => `${name}=${value}`)
    return pairs.length > 0 ? `?${pairs.join('&')}` : ''
  })
  return fc.oneof({ withCrossShrink: true }, fc.constant(''), search)
}

/** Few values, so that tenants often use the same. */
const headerValues: Record<string, string[]> = {
  'Idempotency-Key': ['one', 'two', '"one"', 'a b'],
  'If-Match': ['*', '"1-x"', 'nonsense'],
  'If-None-Match': ['*', '"1-x"', 'nonsense'],
}

function valuesOfHeaders({ headers }: Operation): fc.Arbitrary<Record<string, string>> {
  const known = headers.map((name) => {
    const values = headerValues[name]
    if (!values) throw new TypeError(`The properties have no values for the header ${name}`)
    return [name, fc.constantFrom(...values)]
  })
  const some = fc.record<Record<string, string>>(Object.fromEntries(known), { requiredKeys: [] })
  return fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: some })
}

function bodyOf({ body }: Operation, operations: Operation[]): fc.Arbitrary<string | undefined> {
  if (!body) return fc.constant(undefined)
  const fields = Object.entries(body).map(([name, { schema }]) => {
    const { right, wrong } = valuesOf(name, schema, operations)
    return [name, mostly(right, wrong)]
  })
  const requiredKeys = Object.keys(body).filter((name) => body[name]?.required)
  const whole = fc.record<Record<string, unknown>>(Object.fromEntries(fields), { requiredKeys })
  const broken = ['{}', '', '{', '[]', 'null', '{"tenantId":"{other tenant}"}']
  return fc.oneof(
    { weight: 12, arbitrary: whole.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.constantFrom(...broken) },
  )
}

/** Valid values of a field, the simplest first, and invalid ones. Few, so that tenants often use the same. */
function valuesOf(name: string, schema: Schema, operations: Operation[]): { right: unknown[]; wrong: unknown[] } {
  const types = [schema.type ?? []].flat()
  const none = types.includes('null') ? [null] : []
  if (schema.enum) return { right: [...schema.enum, ...none], wrong: ['nonsense'] }
  if (schema.format === 'uuid')
    return { right: [...idsOf(referredBy(name, operations)), ...none], wrong: ['not-an-id', 7] }
  if (schema.format === 'email') return { right: emails, wrong: ['ada@', ''] }
  const needsForm = schema.format !== undefined || schema.pattern !== undefined || types.includes('object')
  const examples = schema.example === undefined ? (schema.examples ?? []) : [schema.example]
  if (needsForm && examples.length > 0) return { right: [...examples, ...none], wrong: ['nonsense', 7] }
  if (types.includes('string')) return { right: [...texts, ...none], wrong: ['', '\0', 'x'.repeat(10_001)] }
  if (types.includes('integer')) return { right: [1, 2, 3, 100], wrong: [0, -1, 10_000, 99_999_999_999, 'one'] }
  if (types.includes('boolean')) return { right: [true, false, ...none], wrong: ['maybe'] }
  throw new TypeError(`The properties have no values for ${name}: ${JSON.stringify(schema)}`)
}
const emails = ['ada{mark}@rowhouse.example', 'ADA@rowhouse.example', 'grace@rowhouse.example']
const texts = ['Ada{mark}', ' Grace{mark} ', '{mark} Zoë 👋']

const idsOf = (collection: string) => [
  `{own ${collection} 0}`,
  `{foreign ${collection} 0}`,
  `{own ${collection} 1}`,
  `{foreign ${collection} 1}`,
  '{absent 0}',
]

const withId = ({ path }: Operation, id: string) => path.replace('{id}', id)
const withBody = (body: string | undefined) => (body === undefined ? {} : { body })
const headersOf = (body: string | undefined, tenant = '{tenant}', type = 'application/json') => ({
  ...(tenant === '' ? {} : { 'X-Tenant-Id': tenant }),
  ...(body === undefined ? {} : { 'Content-Type': type }),
})

function mostly<T>(right: T[], wrong: T[]): fc.Arbitrary<T> {
  const arbitraries = [right, wrong].map((values) => fc.constantFrom(...values))
  return fc.oneof(...arbitraries.map((arbitrary, index) => ({ weight: index === 0 ? 12 : 1, arbitrary })))
}

/** A request on one line, for counterexamples. */
export function show({ method, path, headers, body }: Template): string {
  const tenant = headers['X-Tenant-Id']
  const type = headers['Content-Type']
  const others = Object.entries(headers).filter(([name]) => Object.hasOwn(headerValues, name))
  const as = tenant === '{tenant}' ? [] : [`X-Tenant-Id: ${tenant ?? '(none)'}`]
  const of = type === undefined || type === 'application/json' ? [] : [`Content-Type: ${type}`]
  const more = others.map(([name, value]) => `${name}: ${value}`)
  return [`${method} ${path}`, ...as, ...of, ...more, ...(body === undefined ? [] : [body])].join(' | ')
}

const printed = (template: Template): Template =>
  Object.defineProperty(template, fc.toStringMethod, { value: () => show(template), configurable: true })
