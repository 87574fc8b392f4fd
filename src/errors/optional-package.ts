import { causesOf } from './causes-of.ts'
import { OperatorError } from './operator-error.ts'

/**
 * Loads a package that only some projects need.
 *
 * @param load imports it, with the name as a literal, so that bundlers see it
 * @param needs what needs it, as the beginning of a sentence
 * @param add the command that installs it
 * @throws OperatorError with the command, when the package is not installed
 * @example
 * const { getDomain } = await optionalPackage('tldts', () => import('tldts'), 'subdomain() without a domain needs')
 */
export async function optionalPackage<T>(
  name: string,
  load: () => Promise<T>,
  needs: string,
  add = 'npm install',
): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    throw isMissing(cause, name) ? missingPackage(name, needs, add, cause) : cause
  }
}

/** The error for a package that is not installed. */
export const missingPackage = (name: string, needs: string, add: string, cause: unknown): OperatorError =>
  new OperatorError(`${needs} the package ${name}: run "${add} ${name}"`, { cause })

/** Whether an error says that a package is not installed, in the words of Node or of Bun. */
const isMissing = (error: unknown, name: string): boolean =>
  causesOf(error).some(({ message }) => message.toLowerCase().startsWith(`cannot find package '${name}'`))
