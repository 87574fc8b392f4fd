import pg from 'pg'
import type { LoginSettings } from './connection.ts'
import { failsUnless, isRefusedAt } from './settings-guard.ts'
import type { Statement } from './statement.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

// Statements that are prepared by SQL and by the protocol share their names, so one of them could take the place of ours.
const noneIsPrepared = failsUnless('not exists (select from pg_catalog.pg_prepared_statement() where from_sql)')

/**
 * What removes from a session what the statements of a transaction can leave behind, and fails when one of them prepared a statement.
 *
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
  `select ${noneIsPrepared}, pg_catalog.pg_advisory_unlock_all(), pg_catalog.setseed(${Math.random()})`,
]

/** The statements of the cleaning, which stand in front of COMMIT. */
export const cleaning = (login: LoginSettings = {}): Statement[] =>
  textsFor(login).map((text) => ({ text, parameters: [], unnamed: true }))

/**
 * ROLLBACK and cleaning, as one message. It cleans in a transaction of its own: when that fails, a pooler does not lend the server
 * connection to somebody else before this client has closed it.
 */
export const cleanRollback = (login: LoginSettings = {}): string =>
  ['rollback', 'begin', ...textsFor(login), 'commit'].join('; ')

/**
 * What the failure of a message means that ends with {@link cleaning} and COMMIT.
 *
 * @param index the index of the statement in front of COMMIT
 */
export function failureOfCleaning(error: unknown, index: number): unknown {
  if (!isRefusedAt(error, index)) return error
  return new TransactionMisuse(
    'A function prepared a statement by SQL, which would stay on the connection: use prepared(). The transaction was rolled back',
  )
}
