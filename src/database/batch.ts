import type pg from 'pg'
import { serialize } from 'pg-protocol'
import { type Columns, nameFor, type PreparedStatement, type PreparedStatements } from './prepared-statements.ts'
import type { Statement, StatementResult } from './statement.ts'
import { TransactionMisuse } from './transaction-misuse.ts'
import { parserOf, toParameter } from './values.ts'

const failedAt = new WeakMap<Error, number>()

/** The index of the statement that failed with an error, among those that were sent together. A failure of COMMIT is behind them. */
export const indexOfFailed = (error: Error): number => failedAt.get(error) ?? Number.POSITIVE_INFINITY

const noColumns: Columns = { names: [], parsers: [] }

/**
 * Statements that are sent as one message and end in one Sync (PostgreSQL, chapter 55.2.3 "Extended Query", "Pipelining"):
 * when one fails, the server skips the rest. A driver that writes a Sync after each statement would let the rest run
 * outside the transaction whose BEGIN failed.
 */
export class Batch implements pg.Submittable {
  readonly results: StatementResult[] = []
  error: Error | undefined
  private readonly plans: PreparedStatement[] = []
  private readonly parsing: [text: string, prepared: PreparedStatement][] = []
  private rows: unknown[][] = []

  private readonly bytes: Buffer

  /**
   * @param prepared the named statements of the connection; undefined: every statement is parsed again, unnamed
   * @throws TypeError for a parameter that cannot be encoded, before anything is sent
   */
  constructor(
    statements: readonly Statement[],
    private readonly prepared: PreparedStatements | undefined,
  ) {
    const values = statements.map(({ parameters }) => parameters.map(toParameter))
    // First: behind a statement that fails, the server would skip them.
    const closing = (prepared?.takeSurplus() ?? []).map((name) => serialize.close({ type: 'S', name }))
    const messages = statements.flatMap(({ text, unnamed }, index) =>
      this.messages(text, values[index] ?? [], unnamed ? undefined : this.prepared),
    )
    this.bytes = Buffer.concat([...closing, ...messages, serialize.sync()])
  }

  submit({ stream }: pg.Connection): void {
    stream.write(this.bytes)
  }

  private messages(text: string, values: (string | Buffer | null)[], prepared?: PreparedStatements): Buffer[] {
    const messages: Buffer[] = []
    const known =
      prepared?.get(text) ?? this.parsing.find(([other, { name }]) => prepared && name && other === text)?.[1]
    const plan = known ?? { name: prepared ? nameFor(text) : '', columns: undefined }
    if (!known) {
      messages.push(serialize.parse({ name: plan.name, text }))
      this.parsing.push([text, plan])
    }
    this.plans.push(plan)
    if (plan.constant) return [plan.constant]
    const bind = serialize.bind({ statement: plan.name, values })
    if (!plan.columns) return [...messages, bind, serialize.describe({ type: 'P' }), serialize.execute()]
    if (values.length > 0) return [bind, serialize.execute()]
    plan.constant = Buffer.concat([bind, serialize.execute()])
    return [plan.constant]
  }

  handleParseComplete(): void {
    const [text, plan] = this.parsing.shift() ?? []
    if (text !== undefined && plan?.name) this.prepared?.add(text, plan)
  }

  handleRowDescription({ fields }: { fields: { name: string; dataTypeID: number }[] }): void {
    const plan = this.plans[this.results.length]
    if (!plan) return
    plan.columns = { names: fields.map(({ name }) => name), parsers: fields.map((field) => parserOf(field.dataTypeID)) }
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    const { parsers } = this.plans[this.results.length]?.columns ?? noColumns
    const row: unknown[] = fields
    for (const [index, parse] of parsers.entries()) {
      const field = fields[index]
      if (parse && typeof field === 'string') row[index] = parse(field)
    }
    this.rows.push(row)
  }

  handleCommandComplete({ text }: { text: string }): void {
    const [command = '', count] = text.split(/(?: \d+)*? (\d+)$/, 2) // INSERT 0 5
    // Its data is not read: an empty result would look like an empty table.
    if (command === 'COPY') this.error ??= new TransactionMisuse('COPY … TO STDOUT is not supported: select the rows')
    const plan = this.plans[this.results.length]
    if (plan) plan.columns ??= noColumns // a statement without columns is described once too
    this.results.push({ command, count: Number(count ?? 0), columns: plan?.columns?.names ?? [], rows: this.rows })
    this.rows = []
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: '' })
  }

  handleError(error: Error): void {
    this.error ??= Object.assign(error, { name: 'PostgresError' }) // pg calls it "error"
    failedAt.set(error, this.results.length)
  }

  // pg calls these on every query; open-connection.ts acts on COPY and on ReadyForQuery.
  handleCopyInResponse(): void {}
  handleCopyData(): void {}
  handlePortalSuspended(): void {}
  handleReadyForQuery(): void {}
}

/** Statements without parameters, as one message of the simple protocol: BEGIN, COMMIT, ROLLBACK. */
export class Command extends Batch {
  constructor(private readonly text: string) {
    super([], undefined)
  }

  override submit({ stream }: pg.Connection): void {
    stream.write(serialize.query(this.text))
  }
}
