import type pg from 'pg'
import { parse } from 'pg-connection-string'

/** What pg-connection-string reads as TLS: it loads files, and its meaning of `sslmode` differs from libpq's. */
const tlsParameters = ['ssl', 'sslmode', 'sslcert', 'sslkey', 'sslrootcert', 'sslnegotiation']

/**
 * The parts of a connection URL (PostgreSQL, chapter 34.1.1.2 "Connection URIs"), with `sslmode` as libpq defines it, and
 * whether `prepare=false` switches named statements off.
 */
export function parseConnectionUrl(url: string): { client: pg.ClientConfig; prepare: boolean } {
  const withoutTls = new URL(url)
  const { searchParams, pathname, username, password: encoded } = withoutTls
  for (const part of [username, encoded]) decodeURIComponent(part) // a stray % throws: `parse` would guess
  const sslmode = searchParams.get('sslmode') ?? 'disable'
  for (const name of tlsParameters) searchParams.delete(name)
  const { host, port, user, password, options, prepare } = parse(withoutTls.href)
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
