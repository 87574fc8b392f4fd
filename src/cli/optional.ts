import { optionalPackage } from '../errors/index.ts'

/**
 * Loads a package that only some commands need, so that a project may leave it out.
 *
 * @param load imports it
 * @throws OperatorError with the command that installs it
 * @example
 * const { SignJWT } = await optional('jose', () => import('jose'))
 */
export const optional = <T>(name: string, load: () => Promise<T>): Promise<T> =>
  optionalPackage(name, load, 'This command needs', 'npm install --save-dev')
