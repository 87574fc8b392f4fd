import type { Context } from 'hono'
import { routePath } from 'hono/route'
import type { Logger } from '../text/index.ts'
import { causesOf } from './causes-of.ts'
import { type DatabaseError, findDatabaseError } from './database-error.ts'
import { failedQuery, placesOf } from './failed-calls.ts'
import { OperatorError } from './operator-error.ts'
import { findRemedy } from './remedies.ts'

/** The parts of an error for the log: names, codes and stack frames. A message can contain values, so it is left out. */
export interface ErrorReport {
  code: string
  name: string
  database?: Omit<DatabaseError, 'conflict'>
  /** The places in the code, of the error and its causes. */
  at?: string[]
}

/** What is logged of an error that is answered with a 5xx. */
export interface FailureReport extends ErrorReport {
  status: number
  /** The text of the query that failed, without values. */
  query?: string
  /** What to do, where the cause is known: a missing table, a wrong password, the message of an OperatorError. */
  hint?: string
}

/** Reports an error for the log. Only an error with a 5xx has its places. */
export function reportOf(thrown: Error, { code, status }: { code: string; status: number }): ErrorReport {
  const { conflict: _, ...database } = findDatabaseError(thrown) ?? {}
  return {
    code,
    name: thrown.name,
    ...('sqlstate' in database ? { database } : {}),
    ...(status >= 500 ? { at: placesOf(thrown) } : {}),
  }
}

/** Adds to a report what its readers have to mend. */
export function failureReportOf(thrown: Error, report: ErrorReport, status: number): FailureReport {
  const forOperator = causesOf(thrown).find((cause) => cause instanceof OperatorError)
  const [query, hint] = [failedQuery(thrown), findRemedy(thrown)?.remedy ?? forOperator?.message]
  return { status, ...report, ...(query ? { query } : {}), ...(hint ? { hint } : {}) }
}

/** Writes the report of a failed request to a log, with the route's pattern: the path can contain values. */
export function logReport(log: Pick<Logger, 'error'>, report: FailureReport, c: Context): void {
  const { method } = c.req
  log.error({ requestId: c.get('requestId'), method, route: routePath(c, -1), ...report }, 'request failed')
}

/** Writes lines of JSON to the console, whatever runtime it belongs to. */
export const consoleLog: Pick<Logger, 'info' | 'error'> = {
  // biome-ignore lint/suspicious/noConsole: the log of a project that has none of its own
  info: (fields, message) => console.info(lineOf('info', fields, message)),
  // biome-ignore lint/suspicious/noConsole: as above
  error: (fields, message) => console.error(lineOf('error', fields, message)),
}

const lineOf = (level: string, fields: object, message: string): string =>
  JSON.stringify({ level, time: new Date().toISOString(), message, ...fields })
