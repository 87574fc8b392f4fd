import type pg from 'pg'
import { parse } from 'pg-connection-string'

/**
 * Parameters that pg-connection-string would read in a way of its own: it loads the files of TLS, its `sslmode` differs from libpq's,
 * and a `user` there would replace the one that messages and migrations name.
 */
const removed = ['ssl', 'sslmode', 'sslcert', 'sslkey', 'sslrootcert', 'sslnegotiation', 'user', 'password', 'port']

/**
 * The parts of a connection URL (PostgreSQL, chapter 34.1.1.2 "Connection URIs"), with `sslmode` as libpq defines it, and
 * whether `prepare=false` switches named statements off.
 */
export function parseConnectionUrl(url: string): { client: pg.ClientConfig; prepare: boolean } {
  const plain = new URL(url)
  const { searchParams, pathname, username, password: encoded } = plain
  for (const part of [username, encoded]) decodeURIComponent(part) // a stray % throws: `parse` would guess
  const sslmode = searchParams.get('sslmode') ?? 'disable'
  for (const name of removed) searchParams.delete(name)
  const { host, port, user, password, options, prepare } = parse(plain.href)
  return {
    client: {
      host: host ?? '',
      port: Number(port || 5432),
      user: user ?? '',
      password: password ?? '',
      database: decodeURIComponent(pathname.slice(1)), // `parse` leaves reserved characters such as %23 encoded
      ssl: sslmode === 'disable' ? false : { rejectUnauthorized: sslmode.startsWith('verify') },
      ...(options ? { options } : {}),
    },
    prepare: prepare !== 'false',
  }
}
