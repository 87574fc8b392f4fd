/** A hole in the wall, or something that makes it weaker. `remedy` is a statement or a sentence. */
export interface Finding {
  /** An error: tenants may not be kept apart. A warning: the wall is weaker or slower than it could be. */
  level: 'error' | 'warning'
  /** The name of the check that found it. */
  check: string
  /** The number of the guarantee in docs/guarantees.md. */
  guarantee: number
  object: string
  problem: string
  remedy: string
}

/** What the doctor looks at. */
export interface Check extends Pick<Finding, 'level' | 'check' | 'guarantee'> {
  /** In one sentence, what should hold. */
  should: string
}

/** A check that is a query: it gives `object, problem, remedy` of what it finds, from the tables of catalogue.ts. */
export interface CatalogueCheck extends Check {
  find: string
  /** The first server version that has what it asks for, as `server_version_num`. */
  since?: number
}
