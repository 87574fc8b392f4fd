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
