import { Ajv2020 } from 'ajv/dist/2020.js'
import { z } from 'zod'
import type { TestResponse } from './client.ts'

const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
const Response = z.looseObject({
  'x-error-codes': z.array(z.string()).optional(),
  content: z.record(z.string(), z.looseObject({ schema: z.record(z.string(), z.unknown()).optional() })).optional(),
})
const Document = z.looseObject({ components: z.record(z.string(), z.unknown()) })

/**
 * Compares a response with the declaration of its operation for a status. An undeclared status, an undeclared body, another media type and
 * an undeclared field are failures. Of a body that is not JSON, only the media type is compared.
 *
 * @throws Error with the body
 */
export function matchResponse(
  document: unknown,
  operation: { operationId: string; responses: Record<string, unknown> },
  response: TestResponse,
  status: number,
): void {
  const shown = `${operation.operationId} returned ${response.status}: ${JSON.stringify(response.body)}`
  if (response.status !== status) throw new Error(`${shown}\nexpected: ${status}`)
  const declared = operation.responses[status]
  if (declared === undefined) throw new Error(`${shown}\nThe document declares no response ${status} for it.`)
  const { content, 'x-error-codes': codes } = Response.parse(declared)
  if (!content) {
    if (response.body !== undefined) throw new Error(`${shown}\nThe document declares no body for it.`)
    return
  }
  const type = response.headers.get('Content-Type')?.split(';')[0]?.trim() ?? 'none'
  const media = content[type]
  if (media === undefined)
    throw new Error(`${shown}\nThe document declares ${Object.keys(content).join(', ')}, and the response is ${type}.`)
  if (type !== 'application/json' || media.schema === undefined) return
  const { components } = Document.parse(document)
  const validate = ajv.compile(Document.parse(closed({ ...media.schema, components })))
  if (!validate(response.body)) throw new Error(`${shown}\n${ajv.errorsText(validate.errors)}`)
  const code = response.error?.code
  if (codes && code !== undefined && !codes.includes(code))
    throw new Error(`${shown}\nThe document declares ${codes.join(', ')} for it.`)
}

/** The same schema without additional properties. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const entries = Object.entries(schema).map(([key, value]) => [key, closed(value)])
  const rest = 'properties' in schema && !('additionalProperties' in schema) ? [['additionalProperties', false]] : []
  return Object.fromEntries([...entries, ...rest])
}
