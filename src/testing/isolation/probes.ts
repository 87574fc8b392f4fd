import type { SQL } from 'drizzle-orm'
import type { Label, Row } from './catalogue.ts'
import type { Expectation } from './judge.ts'
import type { Statements } from './statements.ts'

/** One kind of statement, as it is tried on the own row, on another tenant's, and without a tenant. */
export interface Probe {
  operation: string
  /** Whether the catalogue shows the privileges for it. */
  may: boolean
  expected: Expectation
  own?: SQL[]
  /** How many of its own rows the tenant must reach, where there are any; 1 when left out. */
  least?: number
  foreign?: SQL
  /** Tried by a tenant that has no row at all: whatever it reaches is another's. */
  foreignOfNobody?: SQL
  none?: SQL
  /** It has no WHERE: what it reaches beyond the own rows is another tenant's. */
  sweeps?: boolean
}

/** What the probes of one relation are made of. */
export interface Subject {
  statements: Statements
  tenantColumn: string
  serverVersion: number
  /** Its rows of both tenants, and one more that the own tenant could have; the tenant alone where there is none. */
  foreign: Row
  own: Row
  spare: Row
  /** Which row of a relation the foreign and the own one refer to. */
  parents: { foreign: Map<Label, Row>; own: Map<Label, Row> }
  /** Deletes what refers to the own row, so that it can be deleted. */
  clear: SQL[]
  /** The id of a tenant that has no row. */
  nobody: string
}

/** A statement with a WHERE that names the row. */
export const aimed = (statement: (row: Row) => SQL, { foreign, own }: Subject) => ({
  own: [statement(own)],
  foreign: statement(foreign),
  none: statement(foreign),
})

/** A statement without WHERE: a policy for SELECT hides from one that reads that those for UPDATE and DELETE are lax. */
export const sweeping = (statement: (row: Row) => SQL, { foreign, own }: Subject) => ({
  own: [statement(own)],
  foreignOfNobody: statement(foreign),
  none: statement(foreign),
  sweeps: true,
})
