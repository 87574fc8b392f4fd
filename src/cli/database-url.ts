import { OperatorError } from '../errors/index.ts'
import { readDatabaseUrl } from '../text/index.ts'

/**
 * Checks a database URL before a command connects.
 *
 * @param name where the URL comes from: `DATABASE_URL` or `--url`
 * @returns the URL
 * @throws OperatorError with the name, never with the URL, which holds a password
 */
export function databaseUrl(url: string, name: string): string {
  const read = readDatabaseUrl(url)
  if ('problem' in read) throw new OperatorError(`${name} ${read.problem}`)
  return url
}
