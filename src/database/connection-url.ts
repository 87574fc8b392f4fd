import { readFileSync } from 'node:fs'
import type pg from 'pg'
import { OperatorError } from '../errors/index.ts'
import { type DatabaseTls, parseDatabaseUrl } from '../text/index.ts'

/** What a connection URL says, for the driver. */
export interface ConnectionUrl {
  client: pg.ClientConfig
  /** Whether statements may be named. */
  prepare: boolean
  connectTimeoutMs: number | undefined
}

/**
 * Reads a connection URL, and the files of certificates that it names.
 *
 * @throws TypeError for a URL that is not understood, OperatorError for a file that cannot be read
 */
export function parseConnectionUrl(url: string): ConnectionUrl {
  const { user, password, host, port, database, tls, options, applicationName, ...rest } = parseDatabaseUrl(url)
  return {
    client: {
      ...{ user, password, host, port, database },
      ssl: tls === undefined ? false : readTls(tls),
      application_name: applicationName || 'rowhouse',
      ...(options ? { options } : {}),
    },
    prepare: rest.prepare,
    connectTimeoutMs: rest.connectTimeoutMs,
  }
}

function readTls({ mode, rootCertificate, client }: DatabaseTls): Exclude<pg.ClientConfig['ssl'], boolean | undefined> {
  return {
    rejectUnauthorized: mode !== 'require',
    ...(rootCertificate === undefined ? {} : { ca: readPem('sslrootcert', rootCertificate, 'CERTIFICATE') }),
    ...(mode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
    ...(client === undefined
      ? {}
      : {
          cert: readPem('sslcert', client.certificate, 'CERTIFICATE'),
          key: readPem('sslkey', client.key, 'PRIVATE KEY'),
        }),
  }
}

/** With an empty file the runtime would use the system's CAs instead. */
function readPem(parameter: string, path: string, label: string): string {
  const where = `The database's URL has the parameter ${parameter}`
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new OperatorError(`${where}, whose file cannot be read: ${(cause as Error).message}`, { cause }) // node:fs throws errors
  }
  if (new RegExp(`-----BEGIN [A-Z ]*${label}-----`).test(text)) return text
  throw new OperatorError(`${where}, whose file ${path} has no ${label} in PEM format`)
}
