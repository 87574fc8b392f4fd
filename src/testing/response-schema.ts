import { Ajv2020 } from 'ajv/dist/2020.js'
import { z } from 'zod'
import type { Answer } from './client.ts'

const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
const Response = z.looseObject({
  content: z.object({ 'application/json': z.object({ schema: z.record(z.string(), z.unknown()) }) }).optional(),
})
const Document = z.looseObject({ components: z.record(z.string(), z.unknown()) })

/**
 * Checks an answer against the response that its operation declares for a status: a status that is not declared, a body
 * where none is, and a field that the schema does not know are failures.
 *
 * @throws Error that shows the body
 */
export function matchResponse(
  document: unknown,
  operation: { operationId: string; responses: Record<string, unknown> },
  answer: Answer,
  status: number,
): void {
  const shown = `${operation.operationId} answered ${answer.status}: ${JSON.stringify(answer.body)}`
  if (answer.status !== status) throw new Error(`${shown}\nwanted: ${status}`)
  const declared = operation.responses[status]
  if (declared === undefined) throw new Error(`${shown}\nThe document declares no ${status} for it.`)
  const { content } = Response.parse(declared)
  if (!content) {
    if (answer.body !== undefined) throw new Error(`${shown}\nThe document declares no body.`)
    return
  }
  const { components } = Document.parse(document)
  const validate = ajv.compile(Document.parse(closed({ ...content['application/json'].schema, components })))
  if (!validate(answer.body)) throw new Error(`${shown}\n${ajv.errorsText(validate.errors)}`)
}

/** The same schema, with no room for fields that it does not name. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const entries = Object.entries(schema).map(([key, value]) => [key, closed(value)])
  const rest = 'properties' in schema && !('additionalProperties' in schema) ? [['additionalProperties', false]] : []
  return Object.fromEntries([...entries, ...rest])
}
