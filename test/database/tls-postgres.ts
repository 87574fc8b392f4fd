import { execFile } from 'node:child_process'
import { appendFile, chmod, chown, copyFile, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import postgres from 'postgres'
import { main } from '../database.ts'
import { startPostgres } from '../postgres.ts'

const run = promisify(execFile)

/** A PostgreSQL server with TLS, whose certificate is for localhost, and the role ada, who logs in by certificate alone. */
export interface TlsPostgres {
  /** The URL of the server with parameters, as a superuser with a password unless `user` (`name:password`) is given. */
  urlOf(search: string, change?: { host?: string; user?: string }): string
  /** The paths of PEM files. */
  ca: string
  otherCa: string
  clientCertificate: string
  clientKey: string
  /** The URL of a server without TLS. */
  plainUrl: string
  stop(): Promise<void>
}

/** Starts the server, with certificates that openssl makes in a folder. */
export async function startTlsPostgres(folder: string): Promise<TlsPostgres> {
  const at = (name: string) => join(folder, name)
  await createCa(folder, 'ca')
  await createCa(folder, 'other')
  await createCertificate(folder, 'server', 'localhost')
  await createCertificate(folder, 'client', 'ada')
  const server = await startPostgres()
  await switchTlsOn(server.data, folder)
  await server.restart()
  const sql = postgres(server.ownerUrl, { max: 1 })
  await sql`create role ada login`
  await sql.end()
  const { username, password, port } = new URL(server.ownerUrl)
  return {
    urlOf: (search, { host = 'localhost', user = `${username}:${password}` } = {}) =>
      `postgres://${user}@${host}:${port}/postgres?${search}`,
    ca: at('ca.pem'),
    otherCa: at('other.pem'),
    clientCertificate: at('client.pem'),
    clientKey: at('client.key'),
    plainUrl: main.appUrl,
    stop: server.stop,
  }
}

const openssl = (folder: string, ...parameters: string[]) => run('openssl', parameters, { cwd: folder })
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

async function createCa(folder: string, name: string): Promise<void> {
  const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`]
  await openssl(folder, 'req', '-x509', ...newKey, ...files, '-subj', `/CN=${name}`, '-days', '2')
}

async function createCertificate(folder: string, name: string, commonName: string): Promise<void> {
  const request = ['-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${commonName}`]
  await openssl(folder, 'req', ...newKey, ...request)
  await writeFile(join(folder, `${name}.ext`), `subjectAltName=DNS:${commonName}\n`)
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', `${name}.ext`]
  await openssl(folder, 'x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signing)
}

/** PostgreSQL refuses a key that others may read or that another user owns. */
async function switchTlsOn(data: string, folder: string): Promise<void> {
  const { uid, gid } = await stat(data)
  for (const name of ['server.pem', 'server.key', 'ca.pem']) {
    await copyFile(join(folder, name), join(data, name))
    await chmod(join(data, name), 0o600)
    await chown(join(data, name), uid, gid)
  }
  const settings = { ssl: 'on', ssl_cert_file: 'server.pem', ssl_key_file: 'server.key', ssl_ca_file: 'ca.pem' }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`)
  await appendFile(join(data, 'postgresql.auto.conf'), lines.join(''))
  const rules = join(data, 'pg_hba.conf')
  await writeFile(rules, `hostssl all ada all cert\n${await readFile(rules, 'utf8')}`)
}
