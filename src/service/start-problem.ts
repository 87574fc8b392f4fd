import { causesOf, findRemedy, OperatorError } from '../errors/index.ts'
import { escapedLines } from '../text/index.ts'

/**
 * Describes to the operator why a start failed and what to do. The text has no stack, no URL (it holds a
 * password) and no control characters.
 *
 * @param error what the start threw
 * @example
 * describeStartProblem(error) // 'connect ECONNREFUSED 127.0.0.1:5432\nStart PostgreSQL, or correct the host …'
 */
export const describeStartProblem = (error: unknown): string => escapedLines(describe(error))

function describe(error: unknown): string {
  const causes = causesOf(error)
  const [first] = causes
  if (first === undefined) return String(error)
  if (first instanceof OperatorError) return first.message
  const known = findRemedy(error)
  if (known) return `${known.problem}\n${known.remedy}`
  return causes.map((cause) => cause.message).join(': ')
}
