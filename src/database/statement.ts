/** One statement, with its parameters bound as `$1`, `$2` … */
export interface Statement {
  text: string
  parameters: readonly unknown[]
  /** Whether it is parsed each time: a statement that somebody else prepared under its name must not run instead. @default false */
  unnamed?: boolean
}

/** The result of one statement: its rows as arrays, and the command tag of PostgreSQL's CommandComplete message. */
export interface StatementResult {
  command: string
  /** How many rows the statement read or changed. */
  count: number
  columns: readonly string[]
  rows: unknown[][]
}

/** The rows of one statement as objects, with the command tag of PostgreSQL's CommandComplete message. */
export interface Rows<Row> extends Array<Row> {
  command: string
  /** How many rows the statement read or changed. */
  count: number
}

export function toRows({ rows, columns, command, count }: StatementResult): Rows<Record<string, unknown>> {
  const objects = rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index]])))
  // Not enumerable: code that compares or copies the result sees a list of rows.
  return Object.defineProperties(objects, { command: { value: command }, count: { value: count } }) as Rows<
    Record<string, unknown>
  > // both properties are defined here
}
