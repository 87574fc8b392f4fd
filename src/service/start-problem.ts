import { causesOf, OperatorError } from '../errors/index.ts'
import { escapedLines } from '../text/index.ts'

const unknownCa =
  "If PostgreSQL has a certificate of a CA of your own, add its CA to the URL: sslrootcert=/path/ca.pem. Otherwise another server answers at the database's address."
const noPassword = "Add the password to the database's URL (postgres://user:password@…): PostgreSQL asks for one."

/** What the operator can do, by the cause: a SQLSTATE of PostgreSQL, an error name of the system, or a message of pg. */
const remedies: Record<string, string> = {
  ECONNREFUSED: "Start PostgreSQL, or correct the host and the port of the database's URL.",
  ENOTFOUND: "Correct the host of the database's URL.",
  EAI_AGAIN: "Correct the host of the database's URL, or check the name server.",
  'timeout expired': "Check whether a firewall blocks the connection, or correct the host of the database's URL.",
  'Connection terminated unexpectedly':
    "Check PostgreSQL's log, and that the host and the port of the database's URL are those of a PostgreSQL server.",
  'The server does not support SSL connections':
    "PostgreSQL has TLS switched off: set ssl = on there, or remove sslmode from the database's URL where the network is safe.",
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownCa,
  SELF_SIGNED_CERT_IN_CHAIN: unknownCa,
  UNABLE_TO_GET_ISSUER_CERT: unknownCa,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownCa,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownCa,
  CERT_HAS_EXPIRED: 'Renew the certificate of PostgreSQL.',
  ERR_TLS_CERT_ALTNAME_INVALID:
    "The certificate of PostgreSQL is for another host: correct the host of the database's URL, or the certificate.",
  'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string': noPassword,
  'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a non-empty string': noPassword,
  '28P01': "Correct the user or the password of the database's URL.",
  '28000': "Correct the user of the database's URL, or allow the user in pg_hba.conf.",
  '42501': 'Log in as the serving role of the database: run "rowhouse migrate" with the same DATABASE_URL.',
  '42P01': 'Create the tables first: run "rowhouse migrate".',
  '3D000': 'Create the database, or correct the name at the end of the database\'s URL. Then run "rowhouse migrate".',
  '53300':
    'PostgreSQL has no free connection: lower DATABASE_POOL_SIZE, or raise max_connections or the limit of the role: alter role app_user connection limit …;',
  '57P03': 'PostgreSQL is starting or stopping: try again.',
}

/**
 * Describes to the operator why a start failed and what to do. The text has no stack, no URL (it holds a
 * password) and no control characters.
 *
 * @param error what the start threw
 * @example
 * describeStartProblem(error) // 'connect ECONNREFUSED 127.0.0.1:5432\nStart PostgreSQL, or correct the host …'
 */
export const describeStartProblem = (error: unknown): string => escapedLines(describe(error))

function describe(error: unknown): string {
  const causes = causesOf(error)
  const [first] = causes
  if (first === undefined) return String(error)
  if (first instanceof OperatorError) return first.message
  const known = causes.find((cause) => remedyOf(cause) !== undefined)
  if (known) return `${known.message}\n${remedyOf(known)}`
  return causes.map((cause) => cause.message).join(': ')
}

const remedyOf = (cause: Error): string | undefined => remedies[codeOf(cause)] ?? remedies[cause.message]
const codeOf = (error: Error): string => ('code' in error ? String(error.code) : '')
