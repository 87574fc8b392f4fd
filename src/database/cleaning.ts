import pg from 'pg'
import type { LoginSettings } from './connection.ts'
import { failsUnless, isRefusedAt } from './settings-guard.ts'
import type { Statement } from './statement.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

/** Removes from a session what the statements of a transaction can leave behind, and fails when one of them prepared a statement. */
export interface Cleaning {
  /** The statements in front of COMMIT, where it goes with others. */
  statements: readonly Statement[]
  /** COMMIT, as one message. */
  commit: string
  /**
   * ROLLBACK, as one message. It cleans in a transaction of its own: when that fails, a pooler does not lend the server connection to
   * somebody else before this client has closed it.
   */
  rollback: string
}

// Statements that are prepared by SQL and by the protocol share their names, so one of them could take the place of ours.
const noneIsPrepared = failsUnless('not exists (select from pg_catalog.pg_prepared_statement() where from_sql)')
const newSeed =
  'pg_catalog.setseed(pg_catalog.float8div(pg_catalog.uuid_hash(pg_catalog.gen_random_uuid()), 2147483648))'

/**
 * It stands in front of COMMIT, because behind a pooler the next message can reach another server connection. RESET ALL takes the
 * tenant away, so deferred constraints and triggers run before it. It returns to the values of the login; those of a pooler's login
 * are not ours, and a pooler would take them for the wish of this client.
 */
const textsFor = (login: LoginSettings): string[] => [
  'set constraints all immediate',
  'set session authorization default',
  'reset all',
  ...Object.entries(login).map(([name, value]) => `set ${name} = ${pg.escapeLiteral(value)}`),
  'unlisten *',
  'close all',
  'discard temp',
  'discard sequences',
  `select ${noneIsPrepared}, pg_catalog.pg_advisory_unlock_all(), ${newSeed}`,
]

const known = new WeakMap<LoginSettings, Cleaning>()
const noSettings: LoginSettings = {}

/** The cleaning of a connection that logged in with these settings. */
export function cleaningOf(login = noSettings): Cleaning {
  const found = known.get(login)
  if (found) return found
  const texts = textsFor(login)
  const cleaning = {
    statements: texts.map((text) => ({ text, parameters: [], unnamed: true })),
    commit: [...texts, 'commit'].join('; '),
    rollback: ['rollback', 'begin', ...texts, 'commit'].join('; '),
  }
  known.set(login, cleaning)
  return cleaning
}

/** The error that the failure of a message means that ends with {@link Cleaning} and COMMIT. @param before the number of its other statements */
export function failureOfCleaning(error: unknown, { statements }: Cleaning, before: number): unknown {
  if (!isRefusedAt(error, before + statements.length - 1)) return error
  return new TransactionMisuse(
    'A function prepared a statement by SQL, which would stay on the connection: use prepared(). The transaction was rolled back',
  )
}
