import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { openConnection, query } from '../../src/database/index.ts'
import { causesOf } from '../../src/errors/index.ts'
import { describeStartProblem } from '../../src/service/start-problem.ts'
import { temporaryFolder } from '../runtime/child.ts'
import { startTlsPostgres, type TlsPostgres } from './tls-postgres.ts'

setDefaultTimeout(60_000)

let server: TlsPostgres
const folder = temporaryFolder()
beforeAll(async () => {
  server = await startTlsPostgres(folder.path)
})
afterAll(async () => {
  await server.stop()
  folder[Symbol.dispose]()
})

/** Whether the session is encrypted, and the name of the client's certificate. */
async function connect(search: string, change: { host?: string; user?: string } = {}) {
  const connection = openConnection({ url: server.urlOf(search, change) })
  try {
    const [row] = await query(connection, 'select ssl, client_dn from pg_stat_ssl where pid = pg_backend_pid()')
    return row
  } finally {
    await connection.close()
  }
}

const problemOf = (search: string, change = {}): Promise<string> =>
  connect(search, change).then(
    () => 'connected',
    (error) => describeStartProblem(error),
  )

describe('a server with the certificate of a private CA for localhost', () => {
  test.each(['disable', 'require'])('is reached with sslmode=%s', async (mode) => {
    expect(await connect(`sslmode=${mode}`)).toMatchObject({ ssl: mode !== 'disable' })
  })

  test.each(['require', 'verify-ca', 'verify-full'])('is verified with sslmode=%s and its CA', async (mode) => {
    expect(await connect(`sslmode=${mode}&sslrootcert=${server.ca}`)).toMatchObject({ ssl: true })
  })

  test.each(['require', 'verify-ca', 'verify-full'])('is refused with sslmode=%s and another CA', async (mode) => {
    expect(await problemOf(`sslmode=${mode}&sslrootcert=${server.otherCa}`)).toContain('sslrootcert=')
  })

  test('is refused by verify-full without sslrootcert, and the message names the parameter', async () => {
    expect(await problemOf('sslmode=verify-full')).toContain('add its CA to the URL: sslrootcert=')
  })

  test('is refused by verify-full under another name, which verify-ca accepts', async () => {
    const byAddress = { host: '127.0.0.1' }
    expect(await problemOf(`sslmode=verify-full&sslrootcert=${server.ca}`, byAddress)).toContain(
      'The certificate of PostgreSQL is for another host',
    )
    expect(await connect(`sslmode=verify-ca&sslrootcert=${server.ca}`, byAddress)).toMatchObject({ ssl: true })
  })

  test('accepts the certificate of a client instead of a password', async () => {
    const search = `sslmode=verify-full&sslrootcert=${server.ca}&sslcert=${server.clientCertificate}&sslkey=${server.clientKey}`
    expect(await connect(search, { user: 'ada:' })).toMatchObject({ client_dn: '/CN=ada' })
    // Each connection of a source uses the same files.
    expect(await connect(search, { user: 'ada:' })).toMatchObject({ client_dn: '/CN=ada' })
  })
})

test('a server without TLS is refused, and nothing is sent in plain text', async () => {
  const url = new URL(server.plainUrl)
  url.searchParams.set('sslmode', 'require')
  const connection = openConnection({ url: url.href })
  const error = await query(connection, 'select 1').catch((thrown) => thrown)
  expect(causesOf(error).map(({ message }) => message)).toContain('The server does not support SSL connections')
  expect(describeStartProblem(error)).toContain('PostgreSQL has TLS switched off')
})
