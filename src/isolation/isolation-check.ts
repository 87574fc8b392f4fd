import { type Connection, type ConnectionOptions, openConnection, query, type TenantSigner } from '../database/index.ts'
import { OperatorError } from '../errors/index.ts'
import type { Finding } from './finding.ts'
import { type InspectionOptions, inOrder, inspectRowSecurity } from './inspect.ts'
import { probeRows, probeSigning } from './probe.ts'

const isError = (finding: Finding): boolean => finding.level === 'error'

/** The start-up check failed: the message lists every hole with its remedy. */
export class RowSecurityError extends OperatorError {
  override readonly name = 'RowSecurityError'
}

/** @throws RowSecurityError when a finding is an error: then tenants may not be kept apart, and nothing should be served */
export function assertRowSecurity(findings: Finding[]): void {
  const errors = findings.filter(isError)
  if (errors.length === 0) return
  const lines = errors.map(({ object, problem, remedy }) => `  - ${object}: ${problem}\n      ${remedy}`)
  throw new RowSecurityError(`Row security does not keep tenants apart in this database:\n${lines.join('\n')}`)
}

/** Looks at the live walls through a connection of its own. */
export interface IsolationCheck {
  /** @throws ApiError SERVICE_UNAVAILABLE when the database does not answer */
  inspect(): Promise<Finding[]>
  close(): Promise<void>
}

/**
 * Makes the check that runs at start and behind `/ready`: the catalogue as the serving role sees it, and a probe that no
 * table shows a row without a tenant, in a transaction that is rolled back. Calls at the same time share one look.
 *
 * @param options `role`: what a superuser's login must take first (PGlite); `seal`: as the tenant database
 *   has it, `none` where it has none; left out, that is not asked
 * @example
 * assertRowSecurity(await createIsolationCheck({ url }).inspect())
 */
export function createIsolationCheck(
  options: ConnectionOptions & InspectionOptions & { signer?: TenantSigner | 'none' },
): IsolationCheck {
  let connection: Connection | undefined
  let underWay: Promise<Finding[]> | undefined

  async function inspect(): Promise<Finding[]> {
    if (connection?.fault) {
      void connection.close()
      connection = undefined
    }
    connection ??= openConnection(options)
    await connection.command('begin read only')
    try {
      if (options.role) await query(connection, "select set_config('role', $1, true)", [options.role])
      const findings = await inspectRowSecurity(connection, options)
      const rows = await probeRows(connection, options.tenantColumn ?? 'tenant_id')
      const seal = options.signer === undefined ? [] : await probeSigning(connection, options.signer)
      return [...findings, ...rows, ...seal].sort(inOrder)
    } finally {
      await connection.command('rollback').catch(() => connection?.close())
    }
  }

  return {
    inspect() {
      underWay ??= inspect().finally(() => {
        underWay = undefined
      })
      return underWay
    },
    async close() {
      await underWay?.catch(() => {})
      await connection?.close()
    },
  }
}
