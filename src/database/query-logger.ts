import { findDatabaseError } from '../errors/index.ts'
import { callListener } from '../errors/internal.ts'
import type { StatementResult } from './statement.ts'

/** A query that was sent, without its values. */
export interface LoggedQuery {
  /** The SQL, with `$1`, `$2` … for the parameters. */
  text: string
  /** From the call to the result, in milliseconds. It contains the wait for a connection, and for queries in the same message. */
  durationMs: number
  /** How many rows it read or changed. */
  rows: number
  route: 'primary' | 'replica'
  /** Whether its transaction was one message. Otherwise it waited for its own round trip. */
  isWhole: boolean
  /** The SQLSTATE of its failure, or the name of the error where PostgreSQL did not answer. */
  failure?: string
}

/** Receives each query after its result. Its own error is ignored. */
export type QueryLogger = (query: LoggedQuery) => unknown

/** The logger of a transaction, with what it reports of the transaction. */
export interface QueryLogging {
  readonly logger: QueryLogger
  readonly route: LoggedQuery['route']
}

/** Reports a query to the logger when it has a result. */
export function observed(
  result: Promise<StatementResult>,
  text: string,
  { logger, route }: QueryLogging,
  isWhole: () => boolean,
): Promise<StatementResult> {
  const began = performance.now()
  const report = (rest: { rows: number; failure?: string }) => {
    const durationMs = performance.now() - began
    callListener(() => logger({ text, durationMs, route, isWhole: isWhole(), ...rest }))
  }
  result.then(
    ({ count }) => report({ rows: count }),
    (error: unknown) => report({ rows: 0, failure: failureOf(error) }),
  )
  return result
}

const failureOf = (error: unknown): string =>
  findDatabaseError(error)?.sqlstate ?? (error instanceof Error ? error.name : typeof error)
