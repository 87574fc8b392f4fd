import { OperatorError } from '../errors/index.ts'
import { isDatabaseUrl } from '../text/index.ts'

/**
 * Checks the scheme of a database URL before a command connects.
 *
 * @param name where the URL comes from: `DATABASE_URL` or `--url`
 * @returns the URL
 * @throws OperatorError with the name, never with the URL, which holds a password
 */
export function databaseUrl(url: string, name: string): string {
  if (isDatabaseUrl(url)) return url
  throw new OperatorError(`${name} must be a URL such as postgres://user:password@host:5432/database`)
}
