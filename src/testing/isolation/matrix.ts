/** What one attempt came to. */
export interface IsolationCell {
  /** Rows that it reached; `denied` where the role has no privilege; `n/a`, or the SQLSTATE that PostgreSQL answered with. */
  result: string
  isBroken: boolean
}

/** One kind of statement on one relation: tried on the tenant's own row, on another tenant's, and without any tenant. */
export interface IsolationRow {
  relation: string
  operation: string
  own?: IsolationCell
  foreign?: IsolationCell
  none?: IsolationCell
}

/** Every kind of statement on every relation of tenants. `String(matrix)` is the table that is printed. */
export class IsolationMatrix {
  constructor(
    readonly rows: readonly IsolationRow[],
    /** What was not probed, what proved nothing, and what could not be deleted. */
    readonly notes: readonly string[],
  ) {}

  /** Each cell that is wrong, in words: `public.tasks select: foreign 1`. */
  get holes(): string[] {
    return this.rows.flatMap((row) =>
      columns.flatMap((whose) =>
        row[whose]?.isBroken ? [`${row.relation} ${row.operation}: ${whose} ${row[whose].result}`] : [],
      ),
    )
  }

  toString(): string {
    const lines = this.rows.map((row) => {
      const cells = columns.map((whose) => `${whose} ${row[whose]?.result ?? '-'}`)
      const isBroken = columns.some((whose) => row[whose]?.isBroken)
      return [shortened(row.relation, 38), shortened(row.operation, 30), ...cells, isBroken ? 'HOLE' : 'ok']
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

/** A name that is too long keeps its beginning and its end. */
const shortened = (name: string, most: number): string =>
  name.length <= most ? name : `${name.slice(0, most / 2 - 1)}…${name.slice(-most / 2)}`

/** A tenant reached what is another's, or could not reach its own. The message names every cell that is wrong. */
export class IsolationBroken extends Error {
  override readonly name = 'IsolationBroken'
  constructor(readonly matrix: IsolationMatrix) {
    super(`Tenants are not kept apart:\n${matrix.holes.join('\n')}`)
  }
}
