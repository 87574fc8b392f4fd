import { type Connection, type ConnectionOptions, openConnection, query, type TenantSigner } from '../database/index.ts'
import { OperatorError } from '../errors/index.ts'
import { escaped } from '../text/index.ts'
import { examine, type IsolationReport } from './examine.ts'
import type { Finding } from './finding.ts'
import { type IsolationCheckOptions, inOrder } from './inspect.ts'
import { probeSigning } from './probe-signing.ts'

const isError = (finding: Finding): boolean => finding.level === 'error'

/** The isolation check failed. The message lists every error with its remedy. */
export class RowSecurityError extends OperatorError {
  override readonly name = 'RowSecurityError'
}

/**
 * Refuses a database that may not keep tenants apart, or whose values would be misread.
 *
 * @throws RowSecurityError when a finding is an error
 */
export function assertRowSecurity(findings: Finding[]): void {
  const errors = findings.filter(isError)
  if (errors.length === 0) return
  const lines = errors.map(
    ({ object, problem, remedy }) => `  - ${escaped(object)}: ${escaped(problem)}\n      ${escaped(remedy)}`,
  )
  throw new RowSecurityError(`The isolation check refuses this database:\n${lines.join('\n')}`)
}

/** Inspects a live database through a connection of its own. */
export interface IsolationCheck {
  /**
   * Runs every check in a read-only transaction that is rolled back. Calls at the same time share one run.
   *
   * @throws ApiError SERVICE_UNAVAILABLE when the database does not answer
   */
  inspect(): Promise<Finding[]>
  /**
   * Inspects more than the start of a service needs: it also queries every tenant table and view as a tenant without rows, and tells
   * for each table what keeps tenants apart.
   *
   * @throws ApiError SERVICE_UNAVAILABLE when the database does not answer
   */
  report(): Promise<IsolationReport>
  /**
   * Waits for one answer of the database, after an inspection that is running. It does not read the catalogue.
   *
   * @throws ApiError SERVICE_UNAVAILABLE when the database does not answer
   */
  ping(): Promise<void>
  close(): Promise<void>
}

/**
 * Creates the check that runs at start-up and behind `/ready`: the catalogue as the serving role sees it, and a query of
 * every tenant table without a tenant. With a login that may do more than the serving role it runs no policy and no function
 * of the database, and reports that as `not-tried`.
 *
 * @param options `role`: the role that a superuser's login sets first (PGlite); `signer`: as the tenant database has it,
 *   or `none` for a service that sets plain tenants; without it, signing is not checked; `also`: further checks on the same
 *   connection
 * @example
 * assertRowSecurity(await createIsolationCheck({ url }).inspect())
 */
export function createIsolationCheck(
  options: ConnectionOptions &
    IsolationCheckOptions & { signer?: TenantSigner | 'none'; also?: (connection: Connection) => Promise<Finding[]> },
): IsolationCheck {
  let connection: Connection | undefined
  let running: Promise<Finding[]> | undefined
  let pinging: Promise<void> | undefined
  let last: Promise<unknown> = Promise.resolve()

  /** Runs work on the connection when earlier work has ended. */
  function inTurn<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const turn = last.then(() => {
      if (connection?.fault) {
        void connection.close()
        connection = undefined
      }
      connection ??= openConnection(options)
      return work(connection)
    })
    last = turn.catch(() => {})
    return turn
  }

  async function inspect(connection: Connection): Promise<Finding[]> {
    const { findings, mayRun } = await examine(connection, options)
    const signing = options.signer === undefined || !mayRun ? [] : await probeSigning(connection, options.signer)
    const others = mayRun ? ((await options.also?.(connection)) ?? []) : []
    return [...findings, ...signing, ...others].sort(inOrder)
  }

  async function inTransaction<T>(work: (connection: Connection) => Promise<T>, connection: Connection): Promise<T> {
    await connection.command('begin read only')
    try {
      if (options.role) await query(connection, "select pg_catalog.set_config('role', $1, true)", [options.role])
      return await work(connection)
    } finally {
      await connection.command('rollback').catch(() => connection.close())
    }
  }

  return {
    inspect() {
      running ??= inTurn((connection) => inTransaction(inspect, connection)).finally(() => {
        running = undefined
      })
      return running
    },
    report: () =>
      inTurn((connection) => inTransaction((begun) => examine(begun, { ...options, asTenant: true }), connection)),
    ping() {
      pinging ??= inTurn(async (connection) => void (await query(connection, 'select'))).finally(() => {
        pinging = undefined
      })
      return pinging
    },
    async close() {
      await last
      await connection?.close()
    },
  }
}
