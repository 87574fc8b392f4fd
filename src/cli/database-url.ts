import { OperatorError } from '../errors/index.ts'

/**
 * Refuses what is no URL of a PostgreSQL before anything is looked up or sent.
 *
 * @param name where it was given, as `DATABASE_URL` or `--url`
 * @throws OperatorError with the name, and never with the value, which holds a password
 */
export function databaseUrl(given: string, name: string): string {
  if (/^postgres(ql)?:\/\//.test(given)) return given
  throw new OperatorError(`${name} must be a URL as postgres://user:password@host:5432/database`)
}
