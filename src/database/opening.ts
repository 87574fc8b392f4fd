import type { Statement, StatementResult } from './statement.ts'

/** The statements that begin a transaction and set its settings. They go with the first queries, in one round trip. */
export interface Opening {
  /** Sent alone, before the statements, where BEGIN must be a message of its own. */
  command: string | undefined
  /** Called when they are sent: a signature in them has a lifetime. */
  statements(): readonly Statement[]
  /**
   * The statements that set the settings without BEGIN, for a transaction of one statement: PostgreSQL runs all statements of one message
   * in one transaction. undefined: it needs BEGIN.
   */
  withoutBegin: (() => readonly Statement[]) | undefined
  /** Fails when a setting of the transaction was changed. It follows every text that is not prepared, in the same message. */
  guard(): Statement
  /** Whether COMMIT may go in the message of the queries. It may not where the work must change nothing before `confirm`. */
  endsWithQueries: boolean
  /**
   * Compares the results of the statements with the expected ones. When it throws, the work gets no rows.
   *
   * @throws SettingsNotConfirmed when PostgreSQL did not set what was sent: the connection is destroyed
   */
  confirm(results: readonly StatementResult[]): void
}
