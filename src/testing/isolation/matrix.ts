/** The result of one attempt. */
export interface IsolationCell {
  /** The number of rows that it reached, `denied` without the privilege, `n/a`, or the SQLSTATE of PostgreSQL's error. */
  result: string
  isViolation: boolean
}

/** One kind of statement on one relation: on the tenant's own row, on another tenant's row, and without a tenant. */
export interface IsolationRow {
  relation: string
  operation: string
  own?: IsolationCell
  foreign?: IsolationCell
  none?: IsolationCell
}

/** Every kind of statement on every relation with the tenant column. `String(matrix)` is the printed table. */
export class IsolationMatrix {
  constructor(
    readonly rows: readonly IsolationRow[],
    /** Relations that were not probed, that proved nothing, or that keep rows which could not be deleted. */
    readonly notes: readonly string[],
  ) {}

  /** Each violation, in words: `public.tasks select: foreign 1`. */
  get violations(): string[] {
    return this.rows.flatMap((row) =>
      columns.flatMap((whose) =>
        row[whose]?.isViolation ? [`${row.relation} ${row.operation}: ${whose} ${row[whose].result}`] : [],
      ),
    )
  }

  toString(): string {
    const lines = this.rows.map((row) => {
      const cells = columns.map((whose) => `${whose} ${row[whose]?.result ?? '-'}`)
      const isViolation = columns.some((whose) => row[whose]?.isViolation)
      return [shortened(row.relation, 38), shortened(row.operation, 30), ...cells, isViolation ? 'FAIL' : 'ok']
    })
    const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
    const aligned = lines.map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    return [...aligned, ...this.notes].join('\n')
  }
}

const columns = ['own', 'foreign', 'none'] as const

/** Cuts the middle out of a long name. */
const shortened = (name: string, most: number): string =>
  name.length <= most ? name : `${name.slice(0, most / 2 - 1)}…${name.slice(-most / 2)}`

/** A tenant reached rows of another tenant, or could not reach its own. The message names every violation. */
export class TenantIsolationError extends Error {
  override readonly name = 'TenantIsolationError'
  constructor(readonly matrix: IsolationMatrix) {
    super(`Tenants are not kept apart:\n${matrix.violations.join('\n')}`)
  }
}
