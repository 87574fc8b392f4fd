import { isDeepStrictEqual } from 'node:util'
import type { EnvelopeOptions } from '../envelope/index.ts'

/** A response of an operation. */
export interface Response {
  headers?: Record<string, object>
  content?: Record<string, { schema?: object }>
  $ref?: string
}

/** A schema of the document, as far as this module reads it. */
interface Schema {
  $ref?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  const?: unknown
}
type Schemas = Record<string, object>

const schemaPath = '#/components/schemas/'
const json = 'application/json'

/** Writes a list of one value as `const`, which generators read as this value (JSON Schema 2020-12, section 6.1.3). */
export function withConst<Part>(part: Part): Part {
  if (Array.isArray(part)) return part.map(withConst) as Part // of the same parts
  if (typeof part !== 'object' || part === null) return part
  const entries = Object.entries(part).map(([key, value]) => {
    if (key === 'enum' && Array.isArray(value) && value.length === 1) return ['const', value[0]]
    return [key, values.includes(key) ? value : withConst(value)]
  })
  return Object.fromEntries(entries)
}
/** What is data, and no schema. */
const values = ['example', 'examples', 'default', 'enum', 'const']

/** Leaves out of the schema `Failure` what the envelope of the app leaves out. The schemas of successes are without it already. */
export function withoutFields(schemas: Schemas, options: EnvelopeOptions): Schemas {
  const { Failure } = schemas as { Failure?: Schema } // registered by failures()
  if (!Failure?.properties) return { ...schemas }
  const isKept = (field: string) => options[field as keyof EnvelopeOptions] !== false
  const properties = Object.fromEntries(Object.entries(Failure.properties).filter(([field]) => isKept(field)))
  return { ...schemas, Failure: { ...Failure, properties, required: Failure.required?.filter(isKept) } }
}

/** Lets a failure be a problem too (RFC 9457). */
export function addProblem({ content }: Response): void {
  const declared: Schema | undefined = content?.[json]?.schema
  if (content && declared?.$ref === `${schemaPath}Failure`)
    content['application/problem+json'] = { schema: { $ref: `${schemaPath}ProblemDetails` } }
}

const envelopeKeys = ['success', 'statusCode', 'requestId', 'data', 'meta', 'timestamp', 'path']

/**
 * Creates the function that gives the envelope of a named schema a name, so that generated clients have one type for it: `TaskResponse`
 * for a `Task`, `TaskPage` for a page of them. An envelope with other fields, and one whose name is taken, stays as it is.
 */
export function createNaming(schemas: Schemas): (response: Response) => void {
  const taken = new Set(Object.keys(schemas))
  return function nameEnvelope({ content }) {
    const body = content?.[json]
    const schema: Schema | undefined = body?.schema
    const name = schema && nameOf(schema)
    if (!body || !name || taken.has(name)) return
    // The example of the status differs between 200 and 201.
    const named = { ...schema, properties: { ...schema.properties, statusCode: { type: 'integer', example: 200 } } }
    schemas[name] ??= named
    if (isDeepStrictEqual(schemas[name], named)) body.schema = { $ref: schemaPath + name }
  }
}

/** The schemas of `meta` of a page. */
const pageMetas: (string | undefined)[] = ['PageMeta', 'ListMeta']

function nameOf({ properties = {} }: Schema): string | undefined {
  const { success, data, meta } = properties
  if (success?.const !== true || !Object.keys(properties).every((key) => envelopeKeys.includes(key))) return undefined
  const of = (one: Schema | undefined) =>
    one?.$ref?.startsWith(schemaPath) ? one.$ref.slice(schemaPath.length) : undefined
  const [single, item] = [of(data), of(data?.items)]
  if (single) return meta ? undefined : `${single}Response`
  return item && pageMetas.includes(of(meta)) ? `${item}Page` : undefined
}
