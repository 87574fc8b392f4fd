import { assertWholeNumber } from '../text/index.ts'
import type { Connection, SideBySideConnection } from './connection.ts'
import { parseConnectionUrl } from './connection-url.ts'
import { PgConnection } from './pg-connection.ts'

export interface ConnectionOptions {
  /**
   * `postgres://user:password@host:port/database` as libpq reads it, with `?sslmode=verify-full` for TLS and
   * `?prepare=false` for a transaction pooler without named statements: PgBouncer below 1.21.
   */
  url: string
  /**
   * Returns the password of each login, in place of the URL's: for a password that changes while the process runs, such as one in a file
   * or a token of a cloud. A connection that is open stays open. An error of the function fails the login.
   *
   * @default the password of the URL
   * @example
   * createPool({ url, size: 10, password: async () => (await readFile('/run/secrets/password', 'utf8')).trimEnd() })
   */
  password?: (() => string | Promise<string>) | undefined
  /** How long a login may take, in milliseconds; 0 for no limit. A `connect_timeout` of the URL overrides it. @default 5000 */
  connectTimeoutMs?: number
  /**
   * How long PostgreSQL may take to answer a statement before the connection is destroyed, in milliseconds; 0 for no limit.
   * It covers a silent server or network, where the role's `statement_timeout` has no effect. @default 15000
   */
  answerTimeoutMs?: number
  /** Whether PostgreSQL keeps statements parsed under names. @default true, or false where the URL has `prepare=false` */
  prepare?: boolean
}

/**
 * Opens one connection. It never reconnects: a lost connection has a fault, because the rest of its transaction must not
 * run outside of any transaction.
 *
 * @throws TypeError when the URL or a number is not understood, OperatorError when a file that the URL names cannot be read.
 *   ApiError SERVICE_UNAVAILABLE from `send` and `command`, when PostgreSQL cannot be reached or the connection is lost
 * @example
 * const connection = openConnection({ url: 'postgres://app_user:secret@localhost/rowhouse' })
 * await query(connection, 'select 1')
 * await connection.close()
 */
export const openConnection = (options: ConnectionOptions): Connection => createOpener(options)()

/**
 * Checks the options and reads the files of certificates once, for all connections of a source.
 *
 * @throws TypeError when the URL or a number is not understood, OperatorError when a file cannot be read
 * @returns a function that opens a connection
 */
export function createOpener({
  url,
  password,
  answerTimeoutMs = 15_000,
  ...given
}: ConnectionOptions): () => SideBySideConnection {
  const { client, prepare, connectTimeoutMs = given.connectTimeoutMs ?? 5000 } = parseConnectionUrl(url)
  assertWholeNumber('connectTimeoutMs', connectTimeoutMs, 0)
  assertWholeNumber('answerTimeoutMs', answerTimeoutMs, 0)
  const config = { ...client, ...(password ? { password } : {}), connectionTimeoutMillis: connectTimeoutMs }
  const loginSettings = {
    client_encoding: 'UTF8',
    DateStyle: 'ISO, MDY',
    application_name: client.application_name ?? '',
  }
  return () => new PgConnection(config, { answerTimeoutMs, loginSettings, prepare: given.prepare ?? prepare })
}
