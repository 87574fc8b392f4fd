/** A fault in tenant isolation. `remedy` is a statement or a sentence. */
export interface Finding {
  /** `error`: tenants may not be kept apart, or values are misread. `warning`: isolation is weaker or slower than it could be, or was not checked. */
  level: 'error' | 'warning'
  /** The id of the check. Its page is docs/checks/<id>.md. */
  check: string
  /** The number of the guarantee in docs/guarantees.md. */
  guarantee: number
  /** The table, role, function or setting, with its schema. */
  object: string
  problem: string
  remedy: string
}

/** One check of a database or of a project. */
export interface Check extends Pick<Finding, 'level' | 'check' | 'guarantee'> {
  /** What should hold, in one sentence. */
  should: string
  /** Whether each finding of it is a leak that the check saw by running a query. @default false */
  isDemonstrated?: boolean
  /**
   * The level in a database that Rowhouse did not set up, where it is a habit of Rowhouse and no fault: `none` reports nothing.
   *
   * @default the level
   */
  elsewhere?: 'warning' | 'none'
  /** The problems that have that level there. @default all */
  elsewhereOnly?: RegExp
}

/** A check that is a query of the tables in tables-query.ts. It returns `object, problem, remedy` of each fault. */
export interface CatalogueCheck extends Check {
  find: string
  /** The first server version that the query runs on, as `server_version_num`. */
  since?: number
}

/** A finding of a check that is not a query. */
export const toFinding = (
  { check, guarantee, level }: Check,
  object: string,
  problem: string,
  remedy: string,
): Finding => ({ level, check, guarantee, object, problem, remedy })

/**
 * The findings of a database that Rowhouse did not set up. A table that the serving role cannot reach is at most a warning there.
 *
 * @param checks the declarations
 * @param unreachable the names of tenant tables that the serving role has no privilege on
 */
export function levelElsewhere(findings: Finding[], checks: readonly Check[], unreachable: string[]): Finding[] {
  return findings.flatMap((finding) => {
    const { elsewhere, elsewhereOnly = /^/ } = checks.find(({ check }) => check === finding.check) ?? {}
    const level = elsewhereOnly.test(finding.problem) ? elsewhere : undefined
    if (level === 'none') return []
    const isWarning = level === 'warning' || unreachable.includes(finding.object)
    return [isWarning ? { ...finding, level: 'warning' as const } : finding]
  })
}
