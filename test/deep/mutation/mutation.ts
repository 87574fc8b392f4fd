/** A fault in a migrated database. The doctor must report it. */
export interface DatabaseMutation {
  /** The fault, in one line. */
  fault: string
  /** The number of the guarantee that it breaks. */
  guarantee: number
  /** Statements of the owner that make the fault. */
  sql: string
  /** Statements that undo what stays on the server without the database, such as an attribute of a role. */
  undo?: string
  /** The test that fails. */
  test: { file: string; title: string }
  /** The id of the check that reports it. */
  check: string
}

/** A fault in the code, which the catalogue of a database does not show. */
export interface CodeMutation extends Pick<DatabaseMutation, 'fault' | 'guarantee' | 'test'> {
  file: string
  /** Text of the file, and its replacement. */
  lines: [text: string, replacement: string][]
}

export type Mutation = DatabaseMutation | CodeMutation
