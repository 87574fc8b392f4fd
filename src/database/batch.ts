import { serialize } from 'pg-protocol'
import { noteQuery } from '../errors/internal.ts'
import { CallMessage } from './call-message.ts'
import { type Columns, nameFor, type PreparedStatement, type PreparedStatements } from './prepared-statements.ts'
import type { Statement, StatementResult } from './statement.ts'
import { TransactionMisuse } from './transaction-misuse.ts'
import { parserOf, toParameter } from './values.ts'

const answered = new WeakMap<Error, readonly StatementResult[]>()

/** The results of the statements in front of the one that failed with an error; undefined: no batch failed with it. */
export const resultsBefore = (error: unknown): readonly StatementResult[] | undefined =>
  error instanceof Error ? answered.get(error) : undefined

/** The index of the statement that failed with an error, among those that were sent together. A failure of COMMIT is behind them. */
export const indexOfFailed = (error: Error): number => resultsBefore(error)?.length ?? Number.POSITIVE_INFINITY

const noColumns: Columns = { names: [], parsers: [] }
const sync = serialize.sync()
const describePortal = serialize.describe({ type: 'P' })
const execute = serialize.execute()

type Values = readonly (string | Buffer | null)[]

/** The Bind and Execute messages of a statement that is described. */
interface Call {
  message: CallMessage
  values: Values
}

/**
 * Statements that are sent as one message and end in one Sync (PostgreSQL, chapter 55.2.3 "Extended Query", "Pipelining"):
 * when one fails, the server skips the rest. A driver that writes a Sync after each statement would let the rest run
 * outside the transaction whose BEGIN failed.
 */
export class Batch {
  readonly results: StatementResult[] = []
  error: Error | undefined
  readonly bytes: Buffer
  private readonly plans: PreparedStatement[] = []
  private readonly parsing: [text: string, prepared: PreparedStatement][] = []
  private rows: unknown[][] = []

  /**
   * @param prepared the named statements of the connection; undefined: every statement is parsed again, unnamed
   * @throws TypeError for a parameter that cannot be encoded, before anything is sent
   */
  constructor(
    private readonly statements: readonly Statement[],
    private readonly prepared: PreparedStatements | undefined,
  ) {
    const values = statements.map(({ parameters }) => parameters.map(toParameter))
    // First: behind a statement that fails, the server would skip them. A message in front of others names no new statement: it closes
    // none that they use.
    const surplus = statements.every(({ text }) => prepared?.has(text)) ? [] : (prepared?.takeSurplus() ?? [])
    const closing = surplus.map((name) => serialize.close({ type: 'S', name }))
    const messages = statements.flatMap(({ text, unnamed }, index) =>
      this.messages(text, values[index] ?? [], unnamed ? undefined : this.prepared),
    )
    this.bytes = joined([...closing, ...messages, sync])
  }

  private messages(text: string, values: Values, prepared?: PreparedStatements): (Buffer | Call)[] {
    const known =
      prepared?.get(text) ?? this.parsing.find(([other, { name }]) => prepared && name && other === text)?.[1]
    const plan = known ?? { name: prepared ? nameFor(text) : '', columns: undefined }
    this.plans.push(plan)
    if (known?.columns) {
      plan.call ??= new CallMessage(plan.name)
      return [{ message: plan.call, values }]
    }
    const bind = serialize.bind({ statement: plan.name, values: [...values] })
    if (known) return [bind, describePortal, execute]
    this.parsing.push([text, plan])
    return [serialize.parse({ name: plan.name, text }), bind, describePortal, execute]
  }

  /** Whether PostgreSQL has answered every statement, or one of them with an error: then it is ready for the next message. */
  get isAnswered(): boolean {
    return this.error !== undefined || this.results.length === this.statements.length
  }

  onParseComplete(): void {
    const [text, plan] = this.parsing.shift() ?? []
    if (text !== undefined && plan?.name) this.prepared?.add(text, plan)
  }

  onRowDescription(fields: readonly { name: string; dataTypeID: number }[]): void {
    const plan = this.plans[this.results.length]
    if (!plan) return
    plan.columns = { names: fields.map(({ name }) => name), parsers: fields.map((field) => parserOf(field.dataTypeID)) }
  }

  onDataRow(fields: (string | null)[]): void {
    const { parsers } = this.plans[this.results.length]?.columns ?? noColumns
    const row: unknown[] = fields
    for (let index = 0; index < fields.length; index += 1) {
      const field = fields[index]
      const parse = parsers[index]
      if (parse && typeof field === 'string') row[index] = parse(field)
    }
    this.rows.push(row)
  }

  onCommandComplete(tag: string): void {
    const { command, count } = parseTag(tag)
    // Its data is not read: an empty result would look like an empty table.
    if (command === 'COPY') this.error ??= new TransactionMisuse('COPY … TO STDOUT is not supported: select the rows')
    const plan = this.plans[this.results.length]
    if (plan) plan.columns ??= noColumns // a statement without columns is described once too
    this.results.push({ command, count, columns: plan?.columns?.names ?? [], rows: this.rows })
    this.rows = []
  }

  onError(error: Error): void {
    this.error ??= Object.assign(error, { name: 'PostgresError' }) // pg calls it "error"
    answered.set(error, this.results)
    const failed = this.statements[this.results.length]
    if (failed) noteQuery(error, failed.text)
  }
}

/** Statements without parameters, as one message of the simple protocol: BEGIN, COMMIT, ROLLBACK. */
export class Command extends Batch {
  override readonly bytes: Buffer

  constructor(text: string) {
    super([], undefined)
    this.bytes = serialize.query(text)
  }

  override get isAnswered(): boolean {
    return this.error !== undefined || this.results.length > 0
  }
}

/** The command and the number of rows of a tag such as `INSERT 0 5` or `COMMIT`. */
function parseTag(tag: string): { command: string; count: number } {
  const count = Number(tag.slice(tag.lastIndexOf(' ') + 1))
  return Number.isNaN(count) || tag === ''
    ? { command: tag, count: 0 }
    : { command: tag.slice(0, tag.indexOf(' ')), count }
}

/** The messages in one buffer. */
function joined(messages: readonly (Buffer | Call)[]): Buffer {
  const lengthOf = (one: Buffer | Call) => (Buffer.isBuffer(one) ? one.length : one.message.lengthWith(one.values))
  const bytes = Buffer.allocUnsafe(messages.reduce((sum, one) => sum + lengthOf(one), 0))
  let at = 0
  for (const one of messages)
    at = Buffer.isBuffer(one) ? at + one.copy(bytes, at) : one.message.write(bytes, at, one.values)
  return bytes
}
