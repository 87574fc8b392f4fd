import type { SQL } from 'drizzle-orm'
import type { Expectation } from './judge.ts'
import type { Label, Row } from './read-catalogue.ts'
import type { Statements } from './statements.ts'

/** One kind of statement: on the own row, on another tenant's row, and without a tenant. */
export interface Probe {
  operation: string
  /** Whether the role has the privileges. */
  may: boolean
  expected: Expectation
  own?: SQL[]
  /**
   * The number of its own rows that the tenant must reach, if it has any.
   *
   * @default 1
   */
  least?: number
  foreign?: SQL
  /** Runs as a tenant without rows: every row that it reaches belongs to another tenant. */
  asEmptyTenant?: SQL
  none?: SQL
  /** Has no WHERE: every row beyond the own rows belongs to another tenant. */
  sweeps?: boolean
}

/** What the probes of one relation are made from. */
export interface Subject {
  statements: Statements
  tenantColumn: string
  serverVersion: number
  /** The rows of both tenants, and one more that the own tenant could insert; only the tenant column without a row. */
  foreign: Row
  own: Row
  spare: Row
  /** The rows that the foreign and the own row reference, by relation. */
  parents: { foreign: Map<Label, Row>; own: Map<Label, Row> }
  /** Deletes the rows that reference the own row. */
  clear: SQL[]
  /** The id of a tenant without rows. */
  emptyTenant: string
}

/** A statement whose WHERE names the row. */
export const aimed = (statement: (row: Row) => SQL, { foreign, own }: Subject) => ({
  own: [statement(own)],
  foreign: statement(foreign),
  none: statement(foreign),
})

/** A statement without WHERE: with one, a policy for SELECT hides permissive policies for UPDATE and DELETE. */
export const sweeping = (statement: (row: Row) => SQL, { foreign, own }: Subject) => ({
  own: [statement(own)],
  asEmptyTenant: statement(foreign),
  none: statement(foreign),
  sweeps: true,
})
