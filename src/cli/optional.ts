import { causesOf, OperatorError } from '../errors/index.ts'

/**
 * Loads a package that only some commands need, so that a project may leave it out.
 *
 * @param load imports it
 * @throws OperatorError with the command that installs it
 * @example
 * const { SignJWT } = await optional('jose', () => import('jose'))
 */
export async function optional<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    if (!isMissing(cause, name)) throw cause
    throw new OperatorError(`This command needs the package ${name}: run "npm install --save-dev ${name}"`, { cause })
  }
}

/** Whether an error says that a package is not installed, in the words of Node or of Bun. */
const isMissing = (error: unknown, name: string): boolean =>
  causesOf(error).some(({ message }) => message.toLowerCase().startsWith(`cannot find package '${name}'`))
