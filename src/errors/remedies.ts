import { causesOf } from './causes-of.ts'

const unknownCa =
  "If PostgreSQL has a certificate of a CA of your own, add its CA to the URL: sslrootcert=/path/ca.pem. Otherwise another server answers at the database's address."
const noPassword = "Add the password to the database's URL (postgres://user:password@…): PostgreSQL asks for one."
const correctHost = "Correct the host of the database's URL"
const migrate = 'run "rowhouse migrate"'

/** What to do, by the cause: a SQLSTATE of PostgreSQL (Appendix A), an error name of the system, or a message of pg. */
const remedies: Record<string, string> = {
  ECONNREFUSED: "Start PostgreSQL, or correct the host and the port of the database's URL.",
  ENOTFOUND: `${correctHost}.`,
  EAI_AGAIN: `${correctHost}, or check the name server.`,
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
  // PostgreSQL answers a role that does not exist as it answers a wrong password.
  '28P01': `Correct the user or the password of the database's URL. If the role does not exist, ${migrate}: it creates the role.`,
  '28000': `Correct the user of the database's URL, or allow the user in pg_hba.conf. If the role does not exist, ${migrate}: it creates the role.`,
  '42501': 'Log in as the serving role of the database: run "rowhouse migrate" with the same DATABASE_URL.',
  '42P01': `Create the tables first: ${migrate}.`,
  '42703': `The table has no such column: ${migrate} after each change of the schema.`,
  '3D000': `Create the database, or correct the name at the end of the database's URL. Then ${migrate}.`,
  '3F000': `Create the schema first: ${migrate}.`,
  '53300':
    'PostgreSQL has no free connection: lower the size of the pool (DATABASE_POOL_SIZE), or raise max_connections or the limit of the role: alter role app_user connection limit …;',
  '57P03': 'PostgreSQL is starting or stopping: try again.',
}

/**
 * Finds what to do about an error of the database or of the network, along its causes.
 *
 * @returns the message of the error that has a remedy, and the remedy; undefined when there is none
 * @example
 * findRemedy(error)?.remedy // "Start PostgreSQL, or correct the host and the port of the database's URL."
 */
export function findRemedy(error: unknown): { problem: string; remedy: string } | undefined {
  for (const { message, code } of causesOf(error).map(partsOf)) {
    const remedy = remedies[code] ?? remedies[message]
    if (remedy !== undefined) return { problem: message || code, remedy } // several refused addresses have no message
  }
  return undefined
}

const partsOf = (error: Error) => ({ message: error.message, code: 'code' in error ? String(error.code) : '' })
