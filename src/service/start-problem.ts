import { causesOf, OperatorError } from '../errors/index.ts'

/** What the operator can do, by the code of the cause: PostgreSQL's SQLSTATE or the system's name of an error. */
const remedies: Record<string, string> = {
  ECONNREFUSED: "Start PostgreSQL, or correct the host and the port of the database's URL.",
  ENOTFOUND: "Correct the host of the database's URL.",
  EAI_AGAIN: "Correct the host of the database's URL, or look after the name server.",
  CONNECT_TIMEOUT: "Look whether a firewall stands in the way, or correct the host of the database's URL.",
  CONNECTION_CLOSED: "Look into PostgreSQL's log, and whether the database's URL leads to a PostgreSQL at all.",
  '28P01': "Correct the user or the password of the database's URL.",
  '28000': "Correct the user of the database's URL, or let it in with pg_hba.conf.",
  '42501': 'Point DATABASE_URL at app_user, which "bun run migrate" prepares.',
  '42P01': 'Make the tables first: bun run rowhouse migrate',
  '3D000': 'Create the database, or correct the name at the end of its URL; then: bun run migrate',
  '53300': 'PostgreSQL has no connection to spare: lower DATABASE_POOL_SIZE or raise its limits.',
  '57P03': 'PostgreSQL is just starting or stopping: try again.',
}

/**
 * Says why a start failed and what to do, for the operator: no stack, and never a URL, which holds a password.
 *
 * @param error whatever the start threw
 * @example
 * describeStartProblem(error) // 'connect ECONNREFUSED 127.0.0.1:5432\nStart PostgreSQL, or correct the host …'
 */
export function describeStartProblem(error: unknown): string {
  const causes = causesOf(error)
  const [first] = causes
  if (first === undefined) return String(error)
  if (first instanceof OperatorError) return first.message
  // The runtimes' messages for these can quote the URL.
  if (causes.some((cause) => cause.name === 'URIError' || codeOf(cause) === 'ERR_INVALID_URL'))
    return "The database's URL is malformed: write special characters of the password as %40 (@), %2F (/), %25 (%) …"
  const known = causes.find((cause) => codeOf(cause) in remedies)
  if (known) return `${known.message}\n${remedies[codeOf(known)]}`
  return causes.map((cause) => cause.message).join(': ')
}

const codeOf = (error: Error): string => ('code' in error ? String(error.code) : '')
