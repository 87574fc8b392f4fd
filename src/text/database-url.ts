import { nearestWord } from './nearest-word.ts'
import { parseWholeNumber } from './whole-number.ts'

/** How a connection is encrypted and the server is verified, as libpq defines `sslmode` (PostgreSQL, chapter 34.19). */
export interface DatabaseTls {
  readonly mode: 'require' | 'verify-ca' | 'verify-full'
  /** The path of the CA's certificates; undefined for those of the system. */
  readonly rootCertificate: string | undefined
  /** The paths of the client's certificate and of its key. */
  readonly client: { readonly certificate: string; readonly key: string } | undefined
}

/** The parts of a connection URL. */
export interface DatabaseUrl {
  /** Empty for the user of the operating system. */
  readonly user: string
  readonly password: string
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly tls: DatabaseTls | undefined
  readonly options: string | undefined
  readonly applicationName: string | undefined
  /** 0 for no limit. */
  readonly connectTimeoutMs: number | undefined
  /** Whether statements may be named. */
  readonly prepare: boolean
}

/** What is wrong with a URL, as the end of a sentence. It holds no value: a URL contains a password. */
class UrlProblem extends Error {}

/**
 * Reads a connection URL as libpq does (PostgreSQL, chapter 34.1.1.2 "Connection URIs"). A parameter overrides the part
 * before the `?`. A parameter that is not understood is an error, and TLS is never weaker than the URL says.
 *
 * @throws TypeError with what is wrong, never with a value
 * @example
 * parseDatabaseUrl('postgres://ada:secret@db.example/acme?sslmode=verify-full').tls?.mode // 'verify-full'
 */
export function parseDatabaseUrl(url: string): DatabaseUrl {
  const read = readDatabaseUrl(url)
  if ('problem' in read) throw new TypeError(`The database's URL ${read.problem}`)
  return read
}

/**
 * Reads a connection URL, or says what is wrong with it: the end of a sentence that begins with the URL's name.
 *
 * @example
 * readDatabaseUrl('postgres://ada@localhost/acme?sslmod=require')
 * // { problem: 'has the unknown parameter "sslmod": did you mean sslmode?' }
 */
export function readDatabaseUrl(url: string): DatabaseUrl | { problem: string } {
  try {
    return parse(url)
  } catch (error) {
    if (error instanceof UrlProblem) return { problem: error.message }
    throw error
  }
}

const form = /^postgres(?:ql)?:\/\/(?=.)(?:([^@/?]*)@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s
const encoding = 'In the user and the password, write @ as %40, / as %2F, ? as %3F and % as %25'

function parse(url: string): DatabaseUrl {
  const parts = typeof url === 'string' ? form.exec(url) : null
  if (parts === null) throw new UrlProblem('must be a URL such as postgres://user:password@host:5432/database')
  const [, login = '', address = '', path = '', query = ''] = parts
  const [, user = '', password = ''] = /^([^:]*):?(.*)$/s.exec(login) ?? []
  const before = { user, password, dbname: path, ...parseAddress(address) }
  const given = new Map(Object.entries(before).map(([name, text]) => [name, decode(text)]))
  const parameters = parseParameters(query)
  for (const [name, value] of parameters) if (value !== '' || !given.has(name)) given.set(name, value)
  const host = parseHost(given.get('host') || 'localhost')
  return {
    user: given.get('user') ?? '',
    password: given.get('password') ?? '',
    host,
    port: parsePort(given.get('port') || '5432'),
    database: given.get('dbname') || (given.get('user') ?? ''),
    tls: parseTls(parameters, host),
    options: given.get('options'),
    applicationName: given.get('application_name'),
    connectTimeoutMs: parseTimeout(given.get('connect_timeout')),
    prepare: parsePrepare(given.get('prepare')),
  }
}

function decode(text: string): string {
  try {
    const decoded = decodeURIComponent(text)
    if (!decoded.includes('\0')) return decoded
  } catch {
    // A % without two hex digits, or bytes that are not UTF-8.
  }
  throw new UrlProblem(`is malformed: after a % there must be two hex digits. ${encoding}`)
}

function parseAddress(address: string): { host: string; port: string } {
  if (address.includes(',')) throw new UrlProblem(severalHosts)
  const [, inBrackets, plain = '', port = ''] = /^(?:\[([^[\]]+)\]|([^:[\]]*))(?::(.*))?$/s.exec(address) ?? [
    '',
    '',
    '@',
  ]
  return { host: inBrackets || plain, port }
}

const severalHosts = 'names several hosts: name one, such as a DNS name or a proxy that follows the primary'

function parseHost(host: string): string {
  if (host.includes(',')) throw new UrlProblem(severalHosts)
  if (/[\s@]/.test(host) && !host.startsWith('/'))
    throw new UrlProblem(`is malformed: its host is not valid. ${encoding}`)
  return host
}

function parsePort(text: string): number {
  const port = parseWholeNumber(text)
  if (port !== undefined && port >= 1 && port <= 65_535) return port
  throw new UrlProblem(`is malformed: its port is not a number from 1 to 65535. ${encoding}`)
}

const known = [
  ...['host', 'port', 'user', 'password', 'dbname', 'options', 'application_name', 'connect_timeout', 'prepare'],
  ...['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'ssl'],
]

/** What to write instead of parameters that other programs know. */
const replacements: Record<string, string> = {
  channel_binding: 'remove it, and write sslmode=verify-full, which protects from the same attack',
  hostaddr: 'write the address as the host',
  target_session_attrs: 'remove it, and name the primary as the host',
  tls: 'write sslmode=require or sslmode=verify-full',
  pgbouncer: 'write prepare=false for a PgBouncer below 1.21, and remove it otherwise',
  schema: 'write options=-c%20search_path%3D…',
}

function parseParameters(query: string): Map<string, string> {
  const parameters = new Map<string, string>()
  for (const pair of query.split('&').filter((one) => one !== '')) {
    const [, encoded = '', text] = /^([^=]*)(?:=(.*))?$/s.exec(pair) ?? []
    const given = decode(encoded)
    if (!known.includes(given)) throw new UrlProblem(unknownParameter(given))
    if (text === undefined) throw new UrlProblem(`has the parameter ${given} without a value`)
    if (given === 'ssl' && text !== 'true') throw new UrlProblem('has ssl without "true": write sslmode instead')
    const [name, value] = given === 'ssl' ? ['sslmode', 'require'] : [given, decode(text)] // as libpq reads JDBC's URLs
    if (parameters.has(name)) throw new UrlProblem(`sets ${name} twice`)
    parameters.set(name, value)
  }
  return parameters
}

function unknownParameter(name: string): string {
  if (!/^\w{1,40}$/.test(name)) return 'has a parameter whose name is malformed' // it may be a part of a password
  const instead = Object.hasOwn(replacements, name) ? replacements[name] : undefined
  if (instead !== undefined) return `has the parameter ${name}, which is not supported: ${instead}`
  const nearest = nearestWord(name, known)
  const remedy = nearest ? `: did you mean ${nearest}?` : `. The known ones are ${known.slice(0, -1).join(', ')}`
  return `has the unknown parameter "${name}"${remedy}`
}

const modes = ['disable', 'require', 'verify-ca', 'verify-full'] as const

function parseTls(parameters: Map<string, string>, host: string): DatabaseTls | undefined {
  const [root, certificate, key] = ['sslrootcert', 'sslcert', 'sslkey'].map((name) => parameters.get(name) || undefined)
  const mode = parseMode(parameters.get('sslmode') ?? (root === 'system' ? 'verify-full' : 'disable'))
  if (mode === 'disable') {
    const unused = ['sslrootcert', 'sslcert', 'sslkey'].find((name) => parameters.has(name))
    if (unused) throw new UrlProblem(`has ${unused}, but no TLS: write sslmode=verify-full, or remove ${unused}`)
    return undefined
  }
  if (host.startsWith('/'))
    throw new UrlProblem(`has sslmode=${mode} with a Unix socket, which has no TLS: remove sslmode`)
  if (root === 'system' && mode !== 'verify-full')
    throw new UrlProblem('has sslrootcert=system, which needs sslmode=verify-full')
  if (mode === 'verify-ca' && root === undefined)
    throw new UrlProblem('has sslmode=verify-ca without sslrootcert: name the CA, or write sslmode=verify-full')
  if ((certificate === undefined) !== (key === undefined))
    throw new UrlProblem('has one of sslcert and sslkey: set both or neither')
  return {
    // As libpq: with a CA, `require` verifies it.
    mode: mode === 'require' && root !== undefined ? 'verify-ca' : mode,
    rootCertificate: root === 'system' ? undefined : root,
    client: certificate !== undefined && key !== undefined ? { certificate, key } : undefined,
  }
}

function parseMode(text: string): (typeof modes)[number] {
  const mode = modes.find((one) => one === text)
  if (mode !== undefined) return mode
  const why = ['allow', 'prefer'].includes(text)
    ? `has sslmode=${text}, which sends plain text to a server without TLS`
    : 'has an unknown sslmode'
  throw new UrlProblem(`${why}: write disable, require, verify-ca or verify-full`)
}

/** In seconds, as libpq has it. */
function parseTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const seconds = parseWholeNumber(text)
  if (seconds !== undefined && seconds <= 86_400) return seconds * 1000
  throw new UrlProblem('has a connect_timeout that is not a whole number of seconds from 0 to 86400')
}

function parsePrepare(text = 'true'): boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  throw new UrlProblem('has a prepare that is neither true nor false')
}
